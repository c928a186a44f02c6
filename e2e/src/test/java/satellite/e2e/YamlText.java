package satellite.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML as maps, lists and scalars; fails where it is none. */
final class YamlText {

  private YamlText() {}

  /** All documents of the text. */
  static List<Object> parse(String text) {
    List<Object> documents = new ArrayList<>();
    new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(text).forEach(documents::add);
    return documents;
  }

  /** What stands under these keys, one below the other; null where there is nothing. */
  static Object at(Object node, String... keys) {
    Object found = node;
    for (String key : keys) {
      found = found instanceof Map<?, ?> map ? map.get(key) : null;
    }
    return found;
  }
}

package satellite.helm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML as maps, lists and scalars; fails where it is none, and where a key stands twice. */
final class Yaml {

  private Yaml() {}

  /** The documents of the text that are not empty. */
  static List<Map<String, Object>> objects(String text) {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    List<Map<String, Object>> objects = new ArrayList<>();
    for (Object document : new org.yaml.snakeyaml.Yaml(new SafeConstructor(strict)).loadAll(text)) {
      if (document != null) {
        objects.add(map(document));
      }
    }
    return objects;
  }

  /**
   * What stands under these keys, one below the other: of a map by its name, of a list by its
   * number; null where there is nothing.
   */
  static Object at(Object node, Object... keys) {
    Object found = node;
    for (Object key : keys) {
      if (found instanceof List<?> list && key instanceof Integer i) {
        found = i < list.size() ? list.get(i) : null;
      } else {
        found = found instanceof Map<?, ?> map ? map.get(key) : null;
      }
    }
    return found;
  }

  static String text(Object node, Object... keys) {
    Object found = at(node, keys);
    return found == null ? null : found.toString();
  }

  /** Empty where there is none. */
  static Map<String, Object> map(Object node, Object... keys) {
    Object found = at(node, keys);
    if (found == null) {
      return Map.of();
    }
    @SuppressWarnings("unchecked") // Keys of Kubernetes' objects are strings.
    Map<String, Object> map = (Map<String, Object>) found;
    return map;
  }

  /** Empty where there is none. */
  static List<?> list(Object node, Object... keys) {
    Object found = at(node, keys);
    return found == null ? List.of() : (List<?>) found;
  }
}

package satellite.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads one YAML file into {@link Value}s and puts the environment in: a text that is wholly {@code
 * ${NAME:default}} becomes the variable, or the default when the variable is unset or empty.
 */
final class YamlFile {

  private static final int MAX_BYTES = 3 << 20;
  private static final int MAX_DEPTH = 50;

  /** Aliases make a short file long: this bounds what they may unfold to. */
  private static final int MAX_VALUES = 100_000;

  private final String name;
  private final Map<String, String> env;
  private final List<String> notices;
  private int values;

  /**
   * @param name how messages call the file
   * @param notices takes what was read in a way that may surprise
   */
  YamlFile(String name, Map<String, String> env, List<String> notices) {
    this.name = name;
    this.env = env;
    this.notices = notices;
  }

  /** The text of a file in UTF-8. */
  static String text(Path file) {
    if (!Files.exists(file)) {
      throw new ConfigException(file + ": no such file");
    }
    if (Files.isDirectory(file)) {
      throw new ConfigException(file + ": is a directory, not a file");
    }
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new ConfigException(file + ": is longer than " + MAX_BYTES + " bytes");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ConfigException(file + ": is not UTF-8 text");
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + e);
    }
  }

  /** The root of the file, without entries when the file is empty. */
  Mapping read(String yaml) {
    Node root = compose(yaml);
    if (root == null) {
      return new Mapping(new Location(name, 1, 1, "", null), Map.of());
    }
    return value(root, location(root, ""), 0).asMapping();
  }

  private Node compose(String yaml) {
    try {
      return new Yaml(new LoaderOptions()).compose(new StringReader(yaml));
    } catch (MarkedYAMLException e) {
      Mark mark = e.getProblemMark();
      String context = e.getContext() == null ? "" : e.getContext() + ": ";
      throw mark == null
          ? new ConfigException(name + ": bad YAML: " + e.getProblem())
          : location(mark, "").error("bad YAML: " + context + e.getProblem());
    } catch (YAMLException e) {
      throw new ConfigException(name + ": bad YAML: " + e.getMessage());
    }
  }

  private Value value(Node node, Location location, int depth) {
    if (++values > MAX_VALUES || depth > MAX_DEPTH) {
      throw location.error(
          "too many values, or too deep: are there aliases that repeat each other?");
    }
    if (node instanceof MappingNode map) {
      return mapping(map, location, depth);
    }
    if (node instanceof SequenceNode list) {
      return sequence(list, location, depth);
    }
    return scalar((ScalarNode) node, location);
  }

  private Mapping mapping(MappingNode map, Location location, int depth) {
    var entries = new LinkedHashMap<String, Value>();
    for (var tuple : map.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
        throw location(tuple.getKeyNode(), location.path()).error("a key must be a single name");
      }
      String key = keyNode.getValue();
      Location keyLocation =
          location(keyNode, location.path().isEmpty() ? key : location.path() + "." + key);
      if (entries.containsKey(key)) {
        int first = entries.get(key).location().line();
        throw keyLocation.error("the key stands here twice; it was first set in line " + first);
      }
      entries.put(key, value(tuple.getValueNode(), keyLocation, depth + 1));
    }
    return new Mapping(location, entries);
  }

  /** Only texts and maps count in a list; that is how Satellite's files have always been read. */
  private Sequence sequence(SequenceNode list, Location location, int depth) {
    var items = new ArrayList<Value>();
    for (int i = 0; i < list.getValue().size(); i++) {
      Node item = list.getValue().get(i);
      Location itemLocation = location(item, location.path() + "[" + i + "]");
      if (item instanceof MappingNode || item.getTag().equals(Tag.STR)) {
        items.add(value(item, itemLocation, depth + 1));
      } else {
        notices.add(itemLocation + ": ignored, only texts and maps count in a list");
      }
    }
    return new Sequence(location, items);
  }

  private Value scalar(ScalarNode node, Location location) {
    String text = node.getValue();
    if (node.getTag().equals(Tag.NULL)) {
      return new Absent(location);
    }
    int colon = text.indexOf(':');
    if (!text.startsWith("${") || !text.endsWith("}") || colon < 0) {
      if (text.contains("${")) {
        notices.add(location + ": taken literally, only a whole value ${NAME:default} is replaced");
      }
      return new Scalar(location, text, text);
    }
    String variable = text.substring(2, colon);
    String defaultText = unquote(text.substring(colon + 1, text.length() - 1));
    String set = env.get(variable);
    return set == null || set.isEmpty()
        ? new Scalar(location, defaultText, defaultText)
        : new Scalar(location.from(variable), unquote(set), defaultText);
  }

  private static String unquote(String text) {
    boolean quoted = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  private Location location(Node node, String path) {
    return location(node.getStartMark(), path);
  }

  private Location location(Mark mark, String path) {
    return new Location(name, mark.getLine() + 1, mark.getColumn() + 1, path, null);
  }
}

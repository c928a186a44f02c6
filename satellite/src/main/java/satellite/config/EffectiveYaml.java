package satellite.config;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Values as a YAML text for people, which is also a configuration file: everything stands in it,
 * variables and defaults put in. What is secret does not.
 */
final class EffectiveYaml {

  static final String MASKED = "******";

  private static final Set<String> SECRETS =
      Set.of("authentication", "password", "bearer_token", "token");

  /** {@code user:password@} of an address. */
  private static final Pattern USER_INFO = Pattern.compile("(?<=//)[^/@]+(?=@)");

  private static final Resolver RESOLVER = new Resolver();

  private EffectiveYaml() {}

  static String of(Mapping root) {
    DumperOptions options = new DumperOptions();
    options.setWidth(200);
    StringWriter text = new StringWriter();
    new Yaml(options).serialize(node(root), text);
    return text.toString();
  }

  private static MappingNode node(Mapping mapping) {
    List<NodeTuple> entries = new ArrayList<>();
    mapping
        .entries()
        .forEach(
            (key, value) -> {
              if (!(value instanceof Absent)) {
                entries.add(new NodeTuple(text(key), node(key, value)));
              }
            });
    return new MappingNode(Tag.MAP, entries, FlowStyle.BLOCK);
  }

  private static Node node(String key, Value value) {
    if (value instanceof Mapping mapping) {
      return node(mapping);
    }
    if (value instanceof Sequence list) {
      // A list knows texts and maps: what looks like a number would be passed over.
      List<Node> items = new ArrayList<>();
      for (Value item : list.items()) {
        items.add(item instanceof Mapping map ? node(map) : text(item.asScalar().text()));
      }
      return new SequenceNode(Tag.SEQ, items, FlowStyle.BLOCK);
    }
    String shown = value.asScalar().text();
    if (SECRETS.contains(key) && !shown.isEmpty()) {
      return text(MASKED);
    }
    return plain(USER_INFO.matcher(shown).replaceAll(MASKED));
  }

  private static ScalarNode text(String value) {
    return new ScalarNode(Tag.STR, value, null, null, ScalarStyle.PLAIN);
  }

  /** Numbers without quotes. */
  private static ScalarNode plain(String value) {
    Tag tag = RESOLVER.resolve(org.yaml.snakeyaml.nodes.NodeId.scalar, value, true);
    boolean reads = !value.isEmpty() && !tag.equals(Tag.NULL) && !tag.equals(Tag.MERGE);
    return new ScalarNode(reads ? tag : Tag.STR, value, null, null, ScalarStyle.PLAIN);
  }
}

package satellite.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The built-in file: which keys and plugins exist, what they are unless a user says otherwise, and
 * which forwarder belongs to which receiver. Nothing of that is written anywhere else.
 */
final class Reference {

  static final String RESOURCE = "/satellite_config.yaml";

  private final Mapping root;
  private final Map<String, Mapping> clients;
  private final Map<String, Mapping> servers;

  /** By receiver; each written out in full. */
  private final Map<String, Mapping> pipes = new LinkedHashMap<>();

  Reference(Map<String, String> env) {
    Mapping file =
        new YamlFile("built-in " + RESOURCE.substring(1), env, new ArrayList<>()).read(text());
    clients = byPluginName(file.mapping("sharing").sequence("clients"));
    servers = byPluginName(file.mapping("sharing").sequence("servers"));
    Mapping first = file.sequence("pipes").mappings().get(0);
    Sequence full = file.sequence("pipes").map(pipe -> pipe.orElse(first));
    full.mappings()
        .forEach(
            pipe ->
                pipes.put(
                    pipe.mapping("gatherer").mapping("receiver").scalar("plugin_name").text(),
                    pipe));
    root = file.with("pipes", full);
  }

  /** What a user's file says, filled up. */
  Mapping fill(Mapping user) {
    Mapping filled =
        user.change("sharing", sharing -> sharing(sharing.asMapping()))
            .change("pipes", pipes -> pipes.asSequence().map(this::pipe))
            .withDefaults(root)
            .asMapping();
    // Again, as environment variables reach pipes that the user's file does not list.
    filled.sequence("pipes").mappings().forEach(Forwarders::check);
    return filled;
  }

  private Mapping sharing(Mapping sharing) {
    return sharing
        .change("clients", list -> plugins(list.asSequence(), clients))
        .change("servers", list -> plugins(list.asSequence(), servers));
  }

  /** The listed plugins, and after them those that were left out. */
  private static Sequence plugins(Sequence list, Map<String, Mapping> known) {
    var filled = new LinkedHashMap<String, Value>();
    for (Mapping plugin : list.mappings()) {
      Value name = plugin.get("plugin_name");
      Value defaults = known.get(name.oneOf(known.keySet()));
      if (filled.put(name.asScalar().text(), plugin.withDefaults(defaults)) != null) {
        throw name.error(name.kind() + " stands in the list twice");
      }
    }
    known.forEach(filled::putIfAbsent);
    return new Sequence(list.location(), List.copyOf(filled.values()));
  }

  private Mapping pipe(Mapping pipe) {
    if (pipe.get("gatherer") instanceof Mapping gatherer && gatherer.has("fetcher")) {
      throw gatherer.get("fetcher").error("no fetcher exists; a pipe has a receiver");
    }
    Value receiver = pipe.mapping("gatherer").mapping("receiver").get("plugin_name");
    Mapping defaults = pipes.get(receiver.oneOf(pipes.keySet()));
    return pipe.change("gatherer", gatherer -> gatherer(gatherer.asMapping()))
        .change("sender", sender -> sender(sender.asMapping(), defaults))
        .withDefaults(defaults)
        .asMapping();
  }

  // The names are looked at before the keys around them: an unknown key of an unknown plugin would
  // tell the user less.
  private Mapping gatherer(Mapping gatherer) {
    return gatherer
        .change("server_name", name -> oneOf(name, servers.keySet()))
        .change("queue", queue -> plugin(queue, QueueSection.PLUGINS));
  }

  private Mapping sender(Mapping sender, Mapping pipe) {
    return sender
        .change("client_name", name -> oneOf(name, clients.keySet()))
        .change("fallbacker", fallbacker -> plugin(fallbacker, PipeSection.FALLBACKERS))
        .change("forwarders", list -> forwarders(list.asSequence(), pipe));
  }

  private Sequence forwarders(Sequence list, Mapping pipe) {
    if (list.items().size() != 1) {
      throw list.error(
          "exactly one forwarder is possible today, found " + list.items().size() + " of them");
    }
    Value name = list.mappings().get(0).get("plugin_name");
    Set<String> all = new LinkedHashSet<>();
    pipes.values().forEach(any -> all.addAll(Forwarders.of(any)));
    name.oneOf(all);
    Forwarders.check(name.asScalar(), pipe);
    return list.map(forwarder -> forwarder.withDefaults(Forwarders.forwarder(pipe)).asMapping());
  }

  private static Value plugin(Value plugin, Set<String> possible) {
    return plugin.asMapping().change("plugin_name", name -> oneOf(name, possible));
  }

  private static Value oneOf(Value name, Set<String> possible) {
    name.oneOf(possible);
    return name;
  }

  private static Map<String, Mapping> byPluginName(Sequence list) {
    var byName = new LinkedHashMap<String, Mapping>();
    list.mappings().forEach(plugin -> byName.put(plugin.scalar("plugin_name").text(), plugin));
    return byName;
  }

  private static String text() {
    try (var in = Reference.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new ConfigException("the program is damaged: it does not contain " + RESOURCE);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ConfigException("the program is damaged: " + RESOURCE + " cannot be read: " + e);
    }
  }
}

package satellite.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.server.ServerConfig;
import satellite.queue.DiskConfig;

/** Turns a user's file, the built-in reference and the environment into the configuration. */
public final class ConfigFile {

  private static final Path DEFAULT_PATH = Path.of("configs", "satellite_config.yaml");

  private ConfigFile() {}

  /** The file that is meant: the one named, else that of SATELLITE_CONFIG, else the usual place. */
  public static Path choose(Path namedOrNull, Map<String, String> env) {
    if (namedOrNull != null) {
      return namedOrNull;
    }
    String variable = env.getOrDefault("SATELLITE_CONFIG", "");
    if (!variable.isEmpty()) {
      return Path.of(variable);
    }
    return Files.exists(DEFAULT_PATH) ? DEFAULT_PATH : null;
  }

  /**
   * Reads the configuration.
   *
   * @param fileOrNull without one, everything is as in the built-in reference
   * @param env the environment variables
   * @throws ConfigException if anything is wrong; the message says where, what, and what is
   *     possible
   */
  public static SatelliteConfig load(Path fileOrNull, Map<String, String> env) {
    var notices = new ArrayList<String>();
    Mapping user = user(fileOrNull, env, notices);
    Mapping root = new Reference(env).fill(user);

    Mapping sharing = root.mapping("sharing");
    // The lists are filled up: each kind stands there once.
    Mapping client = sharing.sequence("clients").plugin(ClientSection.NAME);
    ServerConfig server =
        ServerSection.server(sharing.sequence("servers").plugin(ServerSection.NAME));
    Mapping http = sharing.sequence("servers").plugin(HttpSection.NAME);
    Mapping kafka = sharing.sequence("clients").plugin(KafkaSection.NAME);
    DiskConfig disk = DiskSection.disk(sharing.mapping("disk"));
    List<PipeConfig> pipes = pipes(root.sequence("pipes"), disk != null, notices);
    TelemetryConfig telemetry = TelemetryConfig.from(root.mapping("telemetry"), env, notices);
    boolean intoKafka = pipes.stream().anyMatch(pipe -> pipe.kafka() != null);
    return new SatelliteConfig(
        LoggerConfig.from(root.mapping("logger")),
        telemetry,
        ClientSection.client(client, notices),
        FinderSection.finders(client),
        ReplicasConfig.from(sharing.mapping("replicas"), client, telemetry),
        ClientSection.balancing(client),
        server,
        HttpSection.isListed(user) ? HttpSection.server(http, server.token()) : null,
        pipes,
        intoKafka ? KafkaSection.kafka(kafka, notices) : null,
        queueBytes(sharing.mapping("memory")),
        disk,
        // A default that several pipes take from the first one is told once.
        notices.stream().distinct().toList());
  }

  /**
   * The same configuration as YAML, for people: nothing is left out, environment variables and
   * defaults are put in, secrets are masked. Fails as {@link #load} does where the file is no
   * configuration at all.
   */
  public static String effective(Path fileOrNull, Map<String, String> env) {
    Mapping user = user(fileOrNull, env, new ArrayList<>());
    return EffectiveYaml.of(new Reference(env).fill(user));
  }

  private static Mapping user(Path fileOrNull, Map<String, String> env, List<String> notices) {
    return fileOrNull == null
        ? new Mapping(new Location("", 1, 1, "", null), Map.of())
        : new YamlFile(fileOrNull.toString(), env, notices).read(YamlFile.text(fileOrNull));
  }

  private static List<PipeConfig> pipes(Sequence list, boolean onDisk, List<String> notices) {
    if (list.items().isEmpty()) {
      throw list.error("no pipe is listed; leave the key out to run all of them");
    }
    var names = new HashMap<String, Scalar>();
    var receivers = new HashMap<String, Scalar>();
    var pipes = new ArrayList<PipeConfig>();
    for (Mapping pipe : list.mappings()) {
      once(names, pipe.mapping("common_config").scalar("pipe_name"));
      once(receivers, pipe.mapping("gatherer").mapping("receiver").scalar("plugin_name"));
      pipes.add(PipeSection.pipe(pipe, onDisk, notices));
    }
    return List.copyOf(pipes);
  }

  private static void once(Map<String, Scalar> seen, Scalar name) {
    Scalar first = seen.put(name.text(), name);
    if (first != null) {
      throw name.error(name.kind() + " is taken already, see " + first.location());
    }
  }

  private static long queueBytes(Mapping memory) {
    long bytes = memory.scalar("queue_bytes").number(0, Long.MAX_VALUE);
    return bytes > 0 ? bytes : Runtime.getRuntime().maxMemory() / 4;
  }
}

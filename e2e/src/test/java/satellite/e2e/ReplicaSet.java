package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Several Satellites that find each other by a file. */
final class ReplicaSet implements AutoCloseable {

  private final String name;
  private final IntFunction<Map<String, String>> settings;
  private final Path file;
  private final List<SatelliteProcess> replicas = new ArrayList<>();

  /**
   * @param settings of each, by its number
   */
  ReplicaSet(String name, IntFunction<Map<String, String>> settings) throws IOException {
    this.name = name;
    this.settings = settings;
    this.file = Files.createDirectories(ChildProcess.TARGET).resolve(name + ".replicas");
    tell();
  }

  /** Starts as many as are missing, then tells all of them. */
  void scaleOut(int to) throws IOException {
    for (int number = replicas.size(); number < to; number++) {
      Map<String, String> all = new HashMap<>(settings.apply(number));
      all.put("SATELLITE_REPLICAS_FINDER", "file");
      all.put("SATELLITE_REPLICAS_FILE", file.toString());
      replicas.add(SatelliteProcess.configuredBy(name + "-" + number, List.of(), all, null));
    }
    tell();
  }

  /** Tells those that stay; returns the others, which still run. */
  List<SatelliteProcess> scaleIn(int to) throws IOException {
    List<SatelliteProcess> going = List.copyOf(replicas.subList(to, replicas.size()));
    replicas.removeAll(going);
    tell();
    return going;
  }

  private void tell() throws IOException {
    Path next = file.resolveSibling(name + ".next");
    Files.writeString(
        next,
        replicas.stream().map(SatelliteProcess::admin).collect(Collectors.joining("\n")) + "\n");
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  SatelliteProcess get(int number) {
    return replicas.get(number);
  }

  /** Where senders connect to. */
  List<String> addresses() {
    return replicas.stream().map(SatelliteProcess::address).toList();
  }

  /** Those that are ready, as probes of a kubelet would have it. */
  List<String> readyAddresses() throws Exception {
    List<String> ready = new ArrayList<>();
    for (SatelliteProcess replica : replicas) {
      if (replica.readiness() == 200) {
        ready.add(replica.address());
      }
    }
    return ready;
  }

  int size() {
    return replicas.size();
  }

  /**
   * Open connections of each; 0 for those that are not there.
   *
   * @param most how many are told
   */
  double[] connections(int most) throws Exception {
    double[] now = new double[most];
    for (int i = 0; i < replicas.size(); i++) {
      now[i] = replicas.get(i).metrics().sum("grpc_server_connection_count");
    }
    return now;
  }

  @Override
  public void close() {
    replicas.forEach(SatelliteProcess::close);
  }
}

package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A rollout: those who send are sent on in time, and what no node has taken waits on disk. */
@Order(5)
@ExtendWith(TestEnvironmentResolver.class)
class DrainTest {

  private static Map<String, String> with(Path folder, String... more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("SATELLITE_DATA_DIR", folder.toString());
    settings.put("SATELLITE_SHUTDOWN_HOOK_TIME", "1");
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return settings;
  }

  private static Path emptyFolder(String name) {
    Path folder = ChildProcess.TARGET.resolve(name);
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folder;
  }

  @Test
  void whatNoNodeTookIsOnDiskAndTheNextStartForwardsIt(TestEnvironment environment) {
    environment.needsSatellite();
    Path folder = emptyFolder("satellite-kept-data");
    List<String> sent;
    try (var satellite =
            SatelliteProcess.inFrontOf(
                "satellite-kept",
                with(folder, "SATELLITE_GRPC_CLIENT", "127.0.0.1:" + ChildProcess.freePort()));
        SampleSender feed = new SampleSender(satellite.address())) {
      sent = feed.segments("kept", 300);
      assertEquals(0, satellite.stop());
      Account account = Account.ofLastLine(satellite.output());
      assertEquals(new Account(300, 0, 0, 300, 0, 0), account, satellite.output().toString());
    }
    try (var satellite =
        SatelliteProcess.inFrontOf(
            "satellite-kept-again", with(folder), environment.one, environment.two)) {
      Eventually.exactly(sent, "segments", () -> environment.segmentIds("kept"));
      assertEquals(0, satellite.stop());
      List<String> output = satellite.output();
      assertEquals(new Account(300, 300, 0, 0, 0, 0), Account.ofLastLine(output), "" + output);
      assertTrue(output.get(output.size() - 1).endsWith("; recovered 300"), output.toString());
    }
  }

  @Test
  void theSecondOnAFolderSaysSoAndEnds(TestEnvironment environment) {
    environment.needsSatellite();
    Path folder = emptyFolder("satellite-shared-data");
    try (var first = SatelliteProcess.inFrontOf("satellite-first", with(folder), environment.one);
        var second = SatelliteProcess.launched("satellite-second", with(folder))) {
      assertEquals(1, second.awaitEnd());
      List<String> said =
          second.output().stream().filter(line -> line.startsWith("satellite: ")).toList();
      assertEquals(1, said.size(), second.output().toString());
      assertTrue(said.get(0).contains("data folder " + folder), said.get(0));
      assertTrue(said.get(0).contains("SATELLITE_DATA_DIR"), said.get(0));
      assertTrue(second.output().stream().noneMatch(line -> line.contains("\tat ")), "a trace");
      assertEquals(0, first.stop());
    }
    // Whoever had it has let go of it.
    try (var third = SatelliteProcess.inFrontOf("satellite-third", with(folder), environment.one)) {
      assertEquals(0, third.stop());
    }
  }

  @Test
  void itTakesInUntilEverybodyKnowsThatItIsGoing(TestEnvironment environment) throws Exception {
    environment.needsSatellite();
    try (var satellite =
        SatelliteProcess.inFrontOf(
            "satellite-held",
            Map.of("SATELLITE_SHUTDOWN_HOLD_TIME", "4"),
            environment.one,
            environment.two)) {
      satellite.terminate();
      Eventually.equal(503, "readiness", satellite::readiness);
      List<String> sent;
      try (SampleSender late = new SampleSender(satellite.address())) {
        sent = late.segments("held", 50);
      }
      assertEquals(503, satellite.readiness());
      assertEquals(0, satellite.awaitEnd());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(50), satellite.output().toString());
      Eventually.exactly(sent, "segments", () -> environment.segmentIds("held"));
    }
  }
}

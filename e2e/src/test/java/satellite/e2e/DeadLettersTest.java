package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node refuses for good is kept, shown, and sent again: by one running, or stopped. */
@Order(5)
class DeadLettersTest {

  private static final Pattern ID = Pattern.compile("\\{\"id\":\"([^\"]+)\".*");

  @TempDir Path data;

  private SatelliteProcess satellite(String name, RefusingNode node) {
    return SatelliteProcess.inFrontOf(
        name,
        Map.of("SATELLITE_GRPC_CLIENT", node.address(), "SATELLITE_DATA_DIR", data.toString()));
  }

  /** What the packaged program prints, which must end with 0. */
  private List<String> deadLetters(String... arguments) {
    String jar = SatelliteProcess.ROOT.resolve("satellite/target/satellite.jar").toString();
    List<String> command = new ArrayList<>(List.of(ChildProcess.JAVA, "-jar", jar, "dead-letters"));
    command.addAll(List.of(arguments));
    try (ChildProcess child =
        ChildProcess.start(
            "dead-letters", Map.of("SATELLITE_DATA_DIR", data.toString()), command)) {
      assertEquals(0, child.awaitEnd(Duration.ofSeconds(30)), () -> "" + child.output());
      return child.output();
    }
  }

  private List<String> ids() {
    return deadLetters("list", "--json").stream()
        .map(ID::matcher)
        .filter(id -> id.matches())
        .map(id -> id.group(1))
        .collect(Collectors.toList());
  }

  @Test
  void whatWasRefusedIsShownAndSentAgain() {
    try (RefusingNode node = new RefusingNode().refuses(true)) {
      List<String> sent;
      try (SatelliteProcess satellite = satellite("satellite-refused", node)) {
        try (SampleSender feed = new SampleSender(satellite.address())) {
          sent = feed.segments("refused", 6);
        }
        List<String> ids = Eventually.until("six letters", this::ids, all -> all.size() == 6);
        String shown = String.join("\n", deadLetters("show", ids.get(0)));
        assertTrue(shown.contains("\"reason\": \"invalid_argument\""), shown);
        assertTrue(shown.contains("\"detail\": \"not today\""), shown);
        assertTrue(shown.contains("\"service\": \"refused\""), shown);
        assertTrue(sent.stream().anyMatch(shown::contains), shown);

        node.refuses(false);
        deadLetters("replay", ids.get(0), ids.get(1));
        Eventually.equal(2, "segments taken", () -> node.taken().size());
        assertEquals(0, satellite.stop());
        assertEquals(
            new Account(8, 2, 0, 0, 6, 0),
            Account.ofLastLine(satellite.output()),
            satellite.output().toString());
      }
      assertEquals(4, ids().size());
      deadLetters("replay", "--all");
      assertEquals(List.of(), ids());
      assertEquals(2, node.taken().size());

      try (SatelliteProcess satellite = satellite("satellite-refused-again", node)) {
        Eventually.exactly(sent, "segments taken", node::taken);
        assertEquals(0, satellite.stop());
        assertEquals(
            new Account(4, 4, 0, 0, 0, 0),
            Account.ofLastLine(satellite.output()),
            satellite.output().toString());
      }
    }
  }
}

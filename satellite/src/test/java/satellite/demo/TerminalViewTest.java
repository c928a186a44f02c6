package satellite.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import satellite.demo.DemoState.Node;
import satellite.demo.DemoState.Pipe;
import satellite.demo.DemoState.Senders;

class TerminalViewTest {

  private static final DemoState AT_60 =
      new DemoState(
          Duration.ofSeconds(60),
          5,
          new Senders(12_000, 11_950, 0),
          List.of(
              new Pipe("tracing-pipe", 6_000, 20, 5_980, 0),
              new Pipe("event-pipe", 0, 0, 0, 0),
              new Pipe("envoy-als-v3-pipe", 3_600, 0, 3_600, 0)),
          List.of(new Node("127.0.0.1:41001", "up", 5_000), new Node("oap-2", "up", 4_580)));

  private static final DemoState AT_62 =
      new DemoState(
          Duration.ofSeconds(62),
          1,
          new Senders(1_234_567, 1_234_000, 50),
          List.of(
              new Pipe("tracing-pipe", 7_200, 1_005, 6_180, 15),
              new Pipe("event-pipe", 0, 0, 0, 0),
              new Pipe("envoy-als-v3-pipe", 3_700, 100, 3_600, 0)),
          List.of(new Node("127.0.0.1:41001", "up", 5_150), new Node("oap-2", "down", 4_630)));

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, UTF_8);

  @Test
  void showsCountsRatesAndShares() {
    assertEquals(
        """
        Satellite demo   up 00:01:02   1 connection
        agents and Envoys: 1,234,567 sent, 1,234,000 answered, 50 failed

        pipe                      received    /s  queued  forwarded    /s  failed    /s
        tracing-pipe                 7,200   600   1,005      6,180   100      15     8
        envoy-als-v3-pipe            3,700    50     100      3,600     0       0     0
        1 pipe idle

        node                   state          messages  share
        127.0.0.1:41001        up                5,150   75 %  [###############.....]
        oap-2                  down              4,630   25 %  [#####...............]
        """,
        text(TerminalView.picture(AT_62, AT_60)));
  }

  @Test
  void theFirstPictureCountsFromTheStart() {
    List<String> lines = TerminalView.picture(AT_60, DemoState.NOTHING);
    assertTrue(
        lines.contains(
            "tracing-pipe                 6,000   100      20      5,980   100       0     0"),
        () -> text(lines));
    assertTrue(
        lines.contains(
            "127.0.0.1:41001        up                5,000   52 %  [##########..........]"),
        () -> text(lines));
  }

  @Test
  void anEmptyStateIsShownWithoutRates() {
    assertEquals(
        """
        Satellite demo   up 00:00:00   0 connections
        agents and Envoys: 0 sent, 0 answered, 0 failed

        pipe                      received    /s  queued  forwarded    /s  failed    /s

        node                   state          messages  share
        """,
        text(TerminalView.picture(DemoState.NOTHING, DemoState.NOTHING)));
    DemoState atOnce =
        new DemoState(
            Duration.ZERO,
            0,
            new Senders(0, 0, 0),
            List.of(new Pipe("p", 1, 1, 0, 0)),
            List.of(new Node("n", "unknown", 0)));
    List<String> lines = TerminalView.picture(atOnce, DemoState.NOTHING);
    assertTrue(
        lines.contains("p                                1             1          0             0"),
        () -> text(lines));
    assertTrue(
        lines.contains(
            "n                      unknown               0    0 %  [....................]"),
        () -> text(lines));
  }

  @Test
  void noNumberOrNameBreaksTheColumns() {
    long huge = 123_456_789_012L;
    DemoState state =
        new DemoState(
            Duration.ofHours(123),
            1_000_000,
            new Senders(huge, huge, huge),
            List.of(new Pipe("a-pipe-with-quite-a-long-name", huge, huge, huge, huge)),
            List.of(new Node("satellite.example.internal:11800", "half-open-again", huge)));
    List<String> lines = TerminalView.picture(state, DemoState.NOTHING);
    assertEquals(
        """
        Satellite demo   up 123:00:00   1000000 connections
        agents and Envoys: 123,456M sent, 123,456M answered, 123,456M failed

        pipe                      received    /s  queued  forwarded    /s  failed    /s
        a-pipe-with-quite-a-l~    123,456M  278k    123G   123,456M  278k    123G  278k

        node                   state          messages  share
        satellite.example.int~ half-open-~    123,456M  100 %  [####################]
        """,
        text(lines));
    assertTrue(lines.stream().allMatch(line -> line.length() < 80), () -> text(lines));
  }

  @Test
  void aTerminalIsDrawnInPlace() {
    TerminalView view = new TerminalView(out, true);
    view.show(AT_60);
    String first = bytes.toString(UTF_8);
    assertTrue(first.startsWith("\033[2J\033[HSatellite demo   up 00:01:00"), first);
    bytes.reset();

    view.show(AT_62);
    String second = bytes.toString(UTF_8);
    assertTrue(second.startsWith("\033[HSatellite demo   up 00:01:02"), second);
    assertTrue(second.endsWith("]\033[K\n\033[J"), second);
    assertFalse(second.contains("\033[2J"), "clearing first would flicker");
    assertEquals(
        text(TerminalView.picture(AT_62, AT_60)),
        second.replace("\033[H", "").replace("\033[K", "").replace("\033[J", ""));
  }

  @Test
  void elsewhereABlockComesEveryFewSeconds() {
    TerminalView view = new TerminalView(out, false);
    view.show(at(Duration.ofSeconds(4)));
    assertEquals("", bytes.toString(UTF_8));
    view.show(at(Duration.ofSeconds(5)));
    assertEquals(
        """
        Satellite demo   up 00:00:05   2 connections
        agents and Envoys: 50 sent, 50 answered, 0 failed
        pipe                      received    /s  queued  forwarded    /s  failed    /s
        tracing-pipe                    50    10       0         50    10       0     0
        node                   state          messages  share
        oap-1                  up                   50  100 %  [####################]

        """,
        bytes.toString(UTF_8));
    bytes.reset();
    view.show(at(Duration.ofMillis(9_999)));
    assertEquals("", bytes.toString(UTF_8));
    view.show(at(Duration.ofSeconds(10)));
    assertTrue(bytes.toString(UTF_8).startsWith("Satellite demo   up 00:00:10"));
    assertFalse(bytes.toString(UTF_8).contains("\033"));
  }

  @Test
  void theFinalAccountIsAboutTheWholeRun() {
    new TerminalView(out, true).finalAccount(AT_62);
    assertEquals(
        """

        Final account after 00:01:02
        agents and Envoys: 1,234,567 sent, 1,234,000 answered, 50 failed

        pipe                      received        queued  forwarded        failed
        tracing-pipe                 7,200         1,005      6,180            15
        envoy-als-v3-pipe            3,700           100      3,600             0
        all                         10,900         1,105      9,780            15
        1 pipe idle

        node                   state          messages  share
        127.0.0.1:41001        up                5,150   53 %  [##########..........]
        oap-2                  down              4,630   47 %  [#########...........]
        """,
        bytes.toString(UTF_8));
  }

  /** Ten messages a second. */
  private static DemoState at(Duration uptime) {
    long messages = uptime.toMillis() / 100;
    return new DemoState(
        uptime,
        2,
        new Senders(messages, messages, 0),
        List.of(new Pipe("tracing-pipe", messages, 0, messages, 0)),
        List.of(new Node("oap-1", "up", messages)));
  }

  private static String text(List<String> lines) {
    return String.join("\n", lines) + "\n";
  }
}

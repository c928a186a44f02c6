package satellite.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import satellite.demo.DemoState.Node;
import satellite.demo.DemoState.Pipe;
import satellite.demo.DemoState.Senders;

/**
 * The screen of the demonstration, 80 columns wide. In a terminal it is drawn over the one before;
 * elsewhere (a pipe, a file, a container's log) every few seconds a block is printed. Rates and
 * shares are those since the picture before. One thread draws.
 */
public final class TerminalView {

  static final Duration BLOCK_EVERY = Duration.ofSeconds(5);

  private static final String CLEAR = "\033[2J";
  private static final String HOME = "\033[H";
  private static final String CLEAR_TO_END_OF_LINE = "\033[K";
  private static final String CLEAR_TO_END = "\033[J";

  // Together 79: a terminal that stands in its last column would clear what was written there.
  private static final int NAME_WIDTH = 23;
  private static final int COUNT_WIDTH = 11;
  private static final int SMALL_COUNT_WIDTH = 8;
  private static final int RATE_WIDTH = 6;

  private static final int STATE_WIDTH = 12;
  private static final int BAR_WIDTH = 20;

  private final PrintStream out;
  private final boolean terminal;
  private DemoState before = DemoState.NOTHING;
  private boolean drawn;

  public TerminalView(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** On standard output, drawn in place if that is a terminal. */
  public static TerminalView ofThisProcess() {
    return new TerminalView(System.out, isTerminal());
  }

  private static boolean isTerminal() {
    String terminal = System.getenv().getOrDefault("TERM", "dumb");
    return System.console() != null && !terminal.equals("dumb");
  }

  /** May be called as often as the terminal shall refresh; blocks come at their own pace. */
  public void show(DemoState now) {
    if (terminal) {
      draw(now);
    } else if (now.uptime().minus(before.uptime()).compareTo(BLOCK_EVERY) >= 0) {
      print(now);
    }
  }

  /** One write, and no line is cleared before it is written: nothing flickers. */
  private void draw(DemoState now) {
    StringBuilder screen = new StringBuilder(drawn ? HOME : CLEAR + HOME);
    for (String line : picture(now, before)) {
      screen.append(line).append(CLEAR_TO_END_OF_LINE).append('\n');
    }
    write(screen.append(CLEAR_TO_END));
    drawn = true;
    before = now;
  }

  private void print(DemoState now) {
    StringBuilder block = new StringBuilder();
    for (String line : picture(now, before)) {
      if (!line.isEmpty()) {
        block.append(line).append('\n');
      }
    }
    write(block.append('\n'));
    before = now;
  }

  /** The last word: all of the run, below what was shown. */
  public void finalAccount(DemoState end) {
    StringBuilder account = new StringBuilder();
    for (String line : account(end)) {
      account.append(line).append('\n');
    }
    write(account);
  }

  private void write(CharSequence text) {
    out.print(text);
    out.flush();
  }

  static List<String> picture(DemoState now, DemoState before) {
    double seconds = now.uptime().minus(before.uptime()).toMillis() / 1000.0;
    List<String> lines = new ArrayList<>();
    lines.add(
        "Satellite demo   up %s   %s"
            .formatted(clock(now.uptime()), plural(now.connections(), "connection")));
    lines.add("agents and Envoys: " + senders(now.senders()));
    lines.add("");
    lines.add(row("pipe", "received", "/s", "queued", "forwarded", "/s", "failed", "/s"));
    for (Pipe pipe : now.pipes()) {
      if (!pipe.idle()) {
        Pipe past = past(pipe, before);
        lines.add(
            row(
                pipe.name(),
                number(pipe.received(), COUNT_WIDTH),
                rate(pipe.received() - past.received(), seconds),
                number(pipe.queued(), SMALL_COUNT_WIDTH),
                number(pipe.forwarded(), COUNT_WIDTH),
                rate(pipe.forwarded() - past.forwarded(), seconds),
                number(pipe.failed(), SMALL_COUNT_WIDTH),
                rate(pipe.failed() - past.failed(), seconds)));
      }
    }
    addIdle(lines, now);
    lines.add("");
    lines.add(nodeRow("node", "state", "messages", "share"));
    long arrived = now.nodes().stream().mapToLong(node -> arrivedSince(node, before)).sum();
    for (Node node : now.nodes()) {
      lines.add(nodeRow(node, arrivedSince(node, before), arrived));
    }
    return lines;
  }

  static List<String> account(DemoState end) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add("Final account after " + clock(end.uptime()));
    lines.add("agents and Envoys: " + senders(end.senders()));
    lines.add("");
    lines.add(row("pipe", "received", "", "queued", "forwarded", "", "failed", ""));
    for (Pipe pipe : end.pipes()) {
      if (!pipe.idle()) {
        lines.add(totals(pipe));
      }
    }
    lines.add(totals(sum(end.pipes())));
    addIdle(lines, end);
    lines.add("");
    lines.add(nodeRow("node", "state", "messages", "share"));
    long arrived = end.nodes().stream().mapToLong(Node::messages).sum();
    for (Node node : end.nodes()) {
      lines.add(nodeRow(node, node.messages(), arrived));
    }
    return lines;
  }

  private static String totals(Pipe pipe) {
    return row(
        pipe.name(),
        number(pipe.received(), COUNT_WIDTH),
        "",
        number(pipe.queued(), SMALL_COUNT_WIDTH),
        number(pipe.forwarded(), COUNT_WIDTH),
        "",
        number(pipe.failed(), SMALL_COUNT_WIDTH),
        "");
  }

  private static Pipe sum(List<Pipe> pipes) {
    return new Pipe(
        "all",
        pipes.stream().mapToLong(Pipe::received).sum(),
        pipes.stream().mapToLong(Pipe::queued).sum(),
        pipes.stream().mapToLong(Pipe::forwarded).sum(),
        pipes.stream().mapToLong(Pipe::failed).sum());
  }

  private static void addIdle(List<String> lines, DemoState state) {
    long idle = state.pipes().stream().filter(Pipe::idle).count();
    if (idle > 0) {
      lines.add(plural(idle, "pipe") + " idle");
    }
  }

  private static Pipe past(Pipe pipe, DemoState before) {
    return before.pipes().stream()
        .filter(past -> past.name().equals(pipe.name()))
        .findFirst()
        .orElse(new Pipe(pipe.name(), 0, 0, 0, 0));
  }

  private static long arrivedSince(Node node, DemoState before) {
    return before.nodes().stream()
        .filter(past -> past.name().equals(node.name()))
        .findFirst()
        .map(past -> node.messages() - past.messages())
        .orElse(node.messages());
  }

  private static String senders(Senders senders) {
    return "%s sent, %s answered, %s failed"
        .formatted(
            number(senders.sent(), COUNT_WIDTH),
            number(senders.answered(), COUNT_WIDTH),
            number(senders.failed(), COUNT_WIDTH));
  }

  /** Cells are aligned to the right, the name to the left. */
  private static String row(
      String name,
      String received,
      String receivedRate,
      String queued,
      String forwarded,
      String forwardedRate,
      String failed,
      String failedRate) {
    return (left(name, NAME_WIDTH)
            + right(received, COUNT_WIDTH)
            + right(receivedRate, RATE_WIDTH)
            + right(queued, SMALL_COUNT_WIDTH)
            + right(forwarded, COUNT_WIDTH)
            + right(forwardedRate, RATE_WIDTH)
            + right(failed, SMALL_COUNT_WIDTH)
            + right(failedRate, RATE_WIDTH))
        .stripTrailing();
  }

  private static String nodeRow(String name, String state, String messages, String share) {
    return left(name, NAME_WIDTH)
        + left(state, STATE_WIDTH)
        + right(messages, COUNT_WIDTH)
        + right(share, RATE_WIDTH + 1);
  }

  private static String nodeRow(Node node, long arrived, long ofAll) {
    long percent = ofAll == 0 ? 0 : Math.round(100.0 * arrived / ofAll);
    int filled = (int) (percent * BAR_WIDTH / 100);
    return nodeRow(node.name(), node.state(), number(node.messages(), COUNT_WIDTH), percent + " %")
        + "  ["
        + "#".repeat(filled)
        + ".".repeat(BAR_WIDTH - filled)
        + "]";
  }

  /** A long name ends in "~" and keeps a space to the next column. */
  private static String left(String text, int width) {
    String cut = text.length() < width ? text : text.substring(0, width - 2) + "~";
    return cut + " ".repeat(width - cut.length());
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  /** In thousands, millions and so on if it would not fit with a space in front. */
  private static String number(long count, int width) {
    String text = "";
    long rest = count;
    for (String unit : List.of("", "k", "M", "G", "T")) {
      text = String.format(Locale.ROOT, "%,d%s", rest, unit);
      if (text.length() < width) {
        break;
      }
      rest /= 1000;
    }
    return text;
  }

  private static String rate(long count, double seconds) {
    return seconds <= 0 ? "" : number(Math.round(count / seconds), RATE_WIDTH);
  }

  private static String clock(Duration time) {
    return String.format(
        Locale.ROOT, "%02d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }

  private static String plural(long count, String one) {
    return count + " " + (count == 1 ? one : one + "s");
  }
}

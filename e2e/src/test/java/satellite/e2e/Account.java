package satellite.e2e;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The account that Satellite prints as its last line, and shows on its metrics page meanwhile. */
record Account(long received, long forwarded, long queued, long spilled, long dead, long dropped) {

  private static final Pattern LINE =
      Pattern.compile(
          "account: received (\\d+) = forwarded (\\d+) \\+ queued (\\d+) \\+ spilled (\\d+)"
              + " \\+ dead (\\d+).* \\+ dropped (\\d+)");

  static Account ofLastLine(List<String> output) {
    String last = output.get(output.size() - 1);
    Matcher m = LINE.matcher(last);
    if (!m.find()) {
      throw new AssertionError("no account in the last line: " + last);
    }
    return new Account(
        number(m, 1), number(m, 2), number(m, 3), number(m, 4), number(m, 5), number(m, 6));
  }

  private static long number(Matcher m, int group) {
    return Long.parseLong(m.group(group));
  }

  /** Received so many, and each of them was forwarded. */
  boolean closedWith(long messages) {
    return received == messages && forwarded == messages && queued == 0;
  }
}

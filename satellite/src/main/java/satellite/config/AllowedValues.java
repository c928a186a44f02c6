package satellite.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Collectors;

/** The values that a key may have, and what to say about one that is none of them. */
final class AllowedValues {

  /** Names that Satellite's users know and that this version cannot serve. */
  private static final Set<String> NOT_YET = Set.of("http-native-log-receiver");

  private AllowedValues() {}

  static void check(Scalar where, String name, Collection<String> possible) {
    if (possible.contains(name)) {
      return;
    }
    String said = new Scalar(where.location(), name, name).kind();
    throw where.error(
        NOT_YET.contains(name)
            ? name + " is known, but not there yet in this version" + list(possible)
            : "unknown: " + said + suggest(name, possible));
  }

  /** The possible names, and the one that was probably meant. */
  static String suggest(String name, Collection<String> possible) {
    return possible.stream()
            .min(Comparator.comparingInt(p -> distance(name, p)))
            .filter(nearest -> distance(name, nearest) <= Math.max(1, nearest.length() / 4))
            .map(nearest -> "; did you mean " + nearest + "?")
            .orElse("")
        + list(possible);
  }

  static String list(Collection<String> possible) {
    return possible.stream().sorted().collect(Collectors.joining(", ", " (possible: ", ")"));
  }

  /** Levenshtein's distance, one row at a time; absurdly long names are just far away. */
  private static int distance(String a, String b) {
    if (a.length() > 2 * b.length()) {
      return a.length();
    }
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}

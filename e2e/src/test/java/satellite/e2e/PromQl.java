package satellite.e2e;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a PromQL expression asks for: its metrics with the labels and exact values that their
 * selectors name, and the labels by which it groups or matches. Reads tokens; does not check
 * grammar.
 */
record PromQl(List<Selector> selectors, Set<String> groupedBy) {

  /** A label that a selector names; {@code value} is null unless it must be just that. */
  record Matching(String label, String value) {}

  record Selector(String metric, List<Matching> labels) {}

  /** A range is one token: nothing in it is a name. */
  private static final Pattern TOKEN =
      Pattern.compile("\"[^\"]*\"|\\[[^\\]]*\\]|[a-zA-Z_:][\\w:]*|[0-9.][\\w.]*|=~|!~|!=|\\S");

  private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][\\w:]*");
  private static final Set<String> GROUPING =
      Set.of("by", "without", "on", "ignoring", "group_left", "group_right");
  private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset", "inf");

  static PromQl parse(String expression) {
    Deque<String> tokens = new ArrayDeque<>();
    Matcher matcher = TOKEN.matcher(expression);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    List<Selector> selectors = new ArrayList<>();
    Set<String> grouped = new HashSet<>();
    while (!tokens.isEmpty()) {
      String token = tokens.remove();
      if (GROUPING.contains(token)) {
        for (String label = tokens.remove(); !label.equals(")"); label = tokens.remove()) {
          if (NAME.matcher(label).matches()) {
            grouped.add(label);
          }
        }
      } else if (NAME.matcher(token).matches()
          && !WORDS.contains(token)
          && !"(".equals(tokens.peek())
          && !GROUPING.contains(String.valueOf(tokens.peek()))) {
        selectors.add(new Selector(token, "{".equals(tokens.peek()) ? labels(tokens) : List.of()));
      }
    }
    return new PromQl(selectors, grouped);
  }

  private static List<Matching> labels(Deque<String> tokens) {
    List<Matching> labels = new ArrayList<>();
    for (String token = tokens.remove(); !token.equals("}"); token = tokens.remove()) {
      if (NAME.matcher(token).matches()) {
        boolean exact = tokens.remove().equals("=");
        String value = tokens.remove().replace("\"", "");
        // A variable of the dashboard is anything.
        labels.add(new Matching(token, exact && !value.startsWith("$") ? value : null));
      }
    }
    return labels;
  }
}

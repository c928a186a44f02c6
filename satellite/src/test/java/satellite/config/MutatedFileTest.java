package satellite.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Whatever a file or the environment contains: a configuration, or a message for people. */
class MutatedFileTest extends ConfigFixture {

  private static final List<String> ODD =
      List.of(
          "",
          "~",
          "-1",
          "0",
          "1e99",
          "99999999999999999999",
          "true",
          "[]",
          "{}",
          "[{}]",
          "- x",
          "${X:",
          "${:}",
          "${X:}",
          "&a",
          "*a",
          "<<: *a",
          "!!int x",
          "!!java.net.URL x",
          "|",
          ">",
          "\"",
          "'",
          "\t",
          "%",
          "@",
          "? ",
          "---",
          "...",
          ":",
          "#",
          "\u0000",
          "\uD83D\uDE00",
          "0x1F",
          "2001-01-01",
          "1:30",
          "none-queue",
          "kafka-client",
          "timer-fallbacker",
          "plugin_name: x");

  @Test
  void aMutatedFileIsLoadedOrRefusedWithAMessage() {
    List<String> original = text(GO_FILE).lines().filter(l -> !l.strip().startsWith("#")).toList();
    int loaded = 0;
    int refused = 0;
    for (int seed = 0; seed < 1500; seed++) {
      var random = new Random(seed);
      var lines = new ArrayList<>(original);
      for (int i = random.nextInt(3); i >= 0; i--) {
        mutate(lines, random);
      }
      if (loads(String.join("\n", lines), Map.of(), seed)) {
        loaded++;
      } else {
        refused++;
      }
    }
    assertTrue(loaded > 50 && refused > 500, loaded + " loaded, " + refused + " refused");
  }

  @Test
  void anOddEnvironmentIsLoadedOrRefusedWithAMessage() throws Exception {
    List<String> variables =
        ReferenceTest.goEnvironment().stream().map(line -> line.split(" ")[0]).toList();
    for (int seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      Map<String, String> env =
          random
              .ints(3, 0, variables.size())
              .distinct()
              .boxed()
              .collect(Collectors.toMap(variables::get, i -> odd(random)));
      loads("", env, seed);
    }
  }

  private boolean loads(String yaml, Map<String, String> env, int seed) {
    try {
      assertFalse(load(yaml, env).pipes().isEmpty());
      return true;
    } catch (ConfigException e) {
      assertFalse(e.getMessage().isBlank());
      return false;
    } catch (RuntimeException | StackOverflowError e) {
      return fail("seed " + seed + " with " + env + ":\n" + yaml, e);
    }
  }

  private static void mutate(List<String> lines, Random random) {
    int at = random.nextInt(lines.size());
    String line = lines.get(at);
    int cut = random.nextInt(line.length() + 1);
    switch (random.nextInt(8)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(at, lines.get(random.nextInt(lines.size())));
      case 2 -> lines.set(at, line.substring(0, cut));
      case 3 -> lines.set(at, line.substring(0, cut) + odd(random) + line.substring(cut));
      case 4 -> lines.set(at, " ".repeat(random.nextInt(4)) + line);
      case 5 -> lines.set(at, line.replaceFirst("^ {2}", ""));
      case 6 -> lines.set(at, line.replaceFirst(":.*", ": ") + odd(random));
      default -> lines.subList(at, Math.min(lines.size(), at + random.nextInt(40))).clear();
    }
  }

  private static String odd(Random random) {
    return ODD.get(random.nextInt(ODD.size()));
  }
}

package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A Satellite that listens, and whose process an Error ends. */
@Timeout(120)
class FatalErrorTest {

  @ParameterizedTest
  @CsvSource({
    "HEAP_FULL, '', java.lang.OutOfMemoryError: Java heap space, -Xmx",
    "DIRECT_MEMORY_FULL_ON_A_DISPATCHER, dispatch-1, direct, -XX:MaxDirectMemorySize",
    "STACK_FULL_ON_AN_ACCEPTOR, accept-, java.lang.StackOverflowError, FailingSatellite.descend",
    "CLASS_GONE_ON_A_THREAD, failure, NoClassDefFoundError: satellite/pipes/Missing, jar",
  })
  void itEndsAtOnceWithOneLineAndItsExitCode(
      FailingSatellite.Failure failure, String thread, String error, String advice)
      throws Exception {
    try (Program program = new Program(FailingSatellite.class, Map.of(), failure.name())) {
      program.started().nudge();
      assertEquals(FatalErrorHandler.EXIT_CODE, program.exitCode(), () -> "" + program.lines());
      // Other threads may run out of memory as well, and log that, before the process has ended.
      List<String> said =
          program.lines().stream()
              .filter(line -> !line.matches(".*\\[(info|warning|error)].*"))
              .toList();
      assertEquals(1, said.size(), () -> "" + said);
      String line = said.get(0);
      assertTrue(line.startsWith("satellite: thread " + thread), line);
      assertTrue(line.contains(error), line);
      assertTrue(line.contains(advice), line);
    }
  }

  @Test
  void withTheOptionsThatComeWithItTheJvmEndsItselfAndTheExitCodeIsTheSame() throws Exception {
    Path options = Path.of("..", "configs", "satellite.jvm").toRealPath();
    try (Program program =
        new Program(
            FailingSatellite.class, Map.of("JDK_JAVA_OPTIONS", "@" + options), "HEAP_FULL")) {
      program.started().nudge();
      assertEquals(FatalErrorHandler.EXIT_CODE, program.exitCode(), () -> "" + program.lines());
      assertEquals(
          "Terminating due to java.lang.OutOfMemoryError: Java heap space", program.lastLine());
    }
  }
}

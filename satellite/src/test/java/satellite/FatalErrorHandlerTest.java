package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.config.LoggerConfig;
import satellite.pipes.transport.EventLoops;

/** Which Errors end the process, whichever thread they hit, and what is said of them. */
@Timeout(60)
class FatalErrorHandlerTest {

  private static final OutOfMemoryError HEAP = new OutOfMemoryError("Java heap space");
  private static final OutOfMemoryError DIRECT =
      new OutOfMemoryError(
          "Cannot reserve 4194304 bytes of direct buffer memory (allocated: 1, limit: 2)");

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
  private final FatalErrorHandler handler = new FatalErrorHandler(err, exits::add);
  private final Logger root = LogManager.getLogManager().getLogger("");
  private Thread.UncaughtExceptionHandler handlerBefore;
  private Handler[] writersBefore;
  private Level levelBefore;

  @BeforeEach
  void install() {
    handlerBefore = Thread.getDefaultUncaughtExceptionHandler();
    writersBefore = root.getHandlers();
    levelBefore = root.getLevel();
    Thread.setDefaultUncaughtExceptionHandler(handler);
  }

  @AfterEach
  void putBack() {
    Thread.setDefaultUncaughtExceptionHandler(handlerBefore);
    for (Handler writer : root.getHandlers()) {
      root.removeHandler(writer);
    }
    for (Handler writer : writersBefore) {
      root.addHandler(writer);
    }
    root.setLevel(levelBefore);
  }

  private String said() {
    return err.toString(StandardCharsets.US_ASCII);
  }

  private void assertEndedBy(String line) throws InterruptedException {
    assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
    assertEquals(line + "\n", said());
  }

  private void assertGoesOn() {
    assertEquals(List.of(), List.copyOf(exits), said());
    assertEquals("", said());
  }

  private static Runnable throwing(Error error) {
    return () -> {
      throw error;
    };
  }

  @Test
  void anErrorThatAThreadDiesOfEndsTheProcessWithOneLine() throws Exception {
    new Thread(throwing(HEAP), "worker").start();
    assertEndedBy(
        "satellite: thread worker hit java.lang.OutOfMemoryError: Java heap space;"
            + " ended with exit code 3. Raise -Xmx, or lower queue_bytes (SATELLITE_QUEUE_BYTES)");
  }

  @Test
  void anExceptionThatAThreadDiesOfDoesNot() throws Exception {
    Thread thread =
        new Thread(
            () -> {
              throw new IllegalStateException("of a test");
            },
            "worker");
    thread.start();
    thread.join();
    assertGoesOn();
  }

  @Test
  void aBugIsSaidWithItsPlaceInTheSameLine() throws Exception {
    handler.uncaughtException(Thread.currentThread(), new AssertionError("a\nb"));
    assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
    String line = said();
    assertEquals(line.length() - 1, line.indexOf('\n'), line);
    assertTrue(line.contains("java.lang.AssertionError: a b at satellite."), line);
    assertTrue(line.contains("(FatalErrorHandlerTest.java:"), line);
    assertTrue(line.endsWith("This is a bug, please report it\n"), line);
  }

  @Test
  void aMessageOfAnyLengthIsALine() throws Exception {
    handler.uncaughtException(Thread.currentThread(), new LinkageError("x".repeat(10_000)));
    assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
    assertTrue(said().length() <= 1024 && said().endsWith("x\n"), said());
  }

  @Test
  void theFirstOfSeveralErrorsIsSaid() throws Exception {
    handler.logged(HEAP);
    handler.logged(new StackOverflowError());
    handler.uncaughtException(Thread.currentThread(), new LinkageError());
    assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
    assertEquals(0, exits.size());
    assertEquals(1, said().lines().count());
  }

  /** How a task comes to be run. */
  enum When {
    NOW(Scheduler::execute),
    LATER((scheduler, task) -> scheduler.schedule(task, 1, TimeUnit.MILLISECONDS)),
    AGAIN((scheduler, task) -> scheduler.scheduleWithFixedDelay(task, 1, 1, TimeUnit.MILLISECONDS)),
    AT_A_RATE(
        (scheduler, task) -> scheduler.scheduleAtFixedRate(task, 1, 1, TimeUnit.MILLISECONDS));

    private final BiConsumer<Scheduler, Runnable> give;

    When(BiConsumer<Scheduler, Runnable> give) {
      this.give = give;
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErrorInATaskOfASchedulerEndsTheProcess(When when) throws Exception {
    Scheduler scheduler = new Scheduler(1, "dispatch");
    try {
      when.give.accept(scheduler, throwing(DIRECT));
      assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
      assertTrue(said().startsWith("satellite: thread dispatch-1 hit " + DIRECT), said());
      assertTrue(said().contains("Raise -XX:MaxDirectMemorySize"), said());
    } finally {
      scheduler.shutdownNow();
    }
  }

  @Test
  void exceptionsAndCancelledTasksOfASchedulerDoNot() throws Exception {
    Scheduler scheduler = new Scheduler(1, "dispatch");
    Runnable failing =
        () -> {
          throw new IllegalStateException("of a test");
        };
    scheduler.schedule(failing, 1, TimeUnit.HOURS).cancel(true);
    scheduler.execute(failing);
    scheduler.shutdown();
    assertTrue(scheduler.awaitTermination(30, TimeUnit.SECONDS));
    assertGoesOn();
  }

  /** As {@code start} does, whatever is written of it. */
  private void watchTheLog(System.Logger.Level level) {
    Log.configure(new LoggerConfig("%msg", "2006", level));
    Log.onThrown(handler::logged);
  }

  @ParameterizedTest
  @EnumSource
  void outOfMemoryInATaskOfAnEventLoopEndsTheProcess(System.Logger.Level level) throws Exception {
    watchTheLog(level);
    try (EventLoops loops = new EventLoops(1)) {
      loops.acceptor().execute(throwing(HEAP));
      assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
      assertTrue(said().startsWith("satellite: thread accept-"), said());
    }
  }

  @Test
  void outOfMemoryInATimerOfAnEventLoopEndsTheProcess() throws Exception {
    watchTheLog(System.Logger.Level.OFF);
    try (EventLoops loops = new EventLoops(1)) {
      loops.workers().schedule(throwing(HEAP), 1, TimeUnit.NANOSECONDS);
      assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
      assertTrue(said().startsWith("satellite: thread io-"), said());
    }
  }

  @Test
  void whatEndsTheProcessMayBeTheCauseOfWhatIsLogged() throws Exception {
    handler.logged(new IllegalStateException("call failed", new RuntimeException(HEAP)));
    assertEquals(FatalErrorHandler.EXIT_CODE, exits.take());
  }

  @Test
  void directMemoryThatOneConnectionDoesNotGetIsSurvived() {
    handler.logged(DIRECT);
    handler.logged(new IllegalStateException(DIRECT));
    assertGoesOn();
  }

  @Test
  void whatOneMessageMayCauseIsSurvivedWhereItWasCaught() {
    handler.logged(new AssertionError("impossible"));
    handler.logged(new NoClassDefFoundError("Optional"));
    assertGoesOn();
  }
}

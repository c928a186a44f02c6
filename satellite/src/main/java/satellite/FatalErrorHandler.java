package satellite;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * Ends the process, at once and with one line, where an {@link Error} would leave one that lives
 * and does nothing: whoever watches it can then start another one. No shutdown hook runs; a drain
 * that waits for a dead thread would never end.
 *
 * <p>An Error comes here by one of two ways:
 *
 * <ul>
 *   <li>A thread died of it ({@link #uncaughtException}). Every kind counts: nobody does the
 *       thread's work any more. Event loops and a {@link Scheduler} see to it that it comes here.
 *   <li>Netty, gRPC or one of ours caught it, since it must go on with other connections, and has
 *       only logged it ({@link #logged}). What the JVM itself says of its state counts, as nobody
 *       knows what else it has hit. Not so where direct memory was refused: Netty closes that one
 *       connection, or gRPC fails that one call, which gives memory back and is said to the sender.
 *       Not so either for kinds that one message may cause by itself.
 * </ul>
 */
final class FatalErrorHandler implements Thread.UncaughtExceptionHandler {

  /** The JVM's own for {@code -XX:+ExitOnOutOfMemoryError}, which this stands in for. */
  static final int EXIT_CODE = 3;

  private static final int MAX_CAUSES = 16;

  private final OutputStream err;
  private final IntConsumer exit;
  private final AtomicBoolean ending = new AtomicBoolean();

  /** Made beforehand: there may be no memory for a text. */
  private final byte[] line = new byte[1024];

  private int length;

  FatalErrorHandler(OutputStream err, IntConsumer exit) {
    this.err = err;
    this.exit = exit;
  }

  /** For all threads of this process, from now on. After the log is configured. */
  static void install() {
    practise();
    FatalErrorHandler handler =
        new FatalErrorHandler(new FileOutputStream(FileDescriptor.err), Runtime.getRuntime()::halt);
    Thread.setDefaultUncaughtExceptionHandler(handler);
    Log.onThrown(handler::logged);
  }

  /**
   * What it takes is loaded and linked while there is memory: the first use of a name in a class
   * asks the class loader, which allocates.
   */
  private static void practise() {
    Error error = new OutOfMemoryError("none");
    OutputStream nowhere = OutputStream.nullOutputStream();
    new FatalErrorHandler(nowhere, code -> {}).uncaughtException(Thread.currentThread(), error);
    new FatalErrorHandler(nowhere, code -> {}).logged(error);
  }

  @Override
  public void uncaughtException(Thread thread, Throwable thrown) {
    if (thrown instanceof Error error) {
      end(thread, error);
    } else {
      // As the JVM does where there is no handler.
      System.err.print("Exception in thread \"" + thread.getName() + "\" ");
      thrown.printStackTrace();
    }
  }

  /** By the thread that caught it. */
  void logged(Throwable thrown) {
    Throwable cause = thrown;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
      if (cause instanceof VirtualMachineError error && !isOfDirectMemory(error)) {
        end(Thread.currentThread(), error);
        return;
      }
      cause = cause.getCause();
    }
  }

  /** The JDK's and Netty's alike; both count what they hand out themselves. */
  private static boolean isOfDirectMemory(Error error) {
    return error instanceof OutOfMemoryError && says(error, "direct");
  }

  private static boolean says(Error error, String word) {
    return error.getMessage() != null && error.getMessage().contains(word);
  }

  private void end(Thread thread, Error error) {
    if (!ending.compareAndSet(false, true)) {
      return;
    }
    try {
      compose(thread, error);
      err.write(line, 0, length);
      err.flush();
    } catch (IOException e) {
      // Nobody listens; the exit code remains.
    } finally {
      exit.accept(EXIT_CODE);
    }
  }

  private void compose(Thread thread, Error error) {
    length = 0;
    append("satellite: thread ");
    append(thread.getName());
    append(" hit ");
    append(error.getClass().getName());
    if (error.getMessage() != null) {
      append(": ");
      append(error.getMessage());
    }
    if (!(error instanceof OutOfMemoryError) && error.getStackTrace().length > 0) {
      append(" at ");
      append(error.getStackTrace()[0].toString());
    }
    append("; ended with exit code 3. ");
    append(advice(error));
    line[length++] = '\n';
  }

  private static String advice(Error error) {
    if (error instanceof LinkageError) {
      return "Was the jar replaced while it ran?";
    }
    if (!(error instanceof OutOfMemoryError)) {
      return "This is a bug, please report it";
    }
    if (isOfDirectMemory(error)) {
      return "Raise -XX:MaxDirectMemorySize, or lower queue_bytes (SATELLITE_QUEUE_BYTES) or"
          + " accept_limit.connection_count";
    }
    if (says(error, "native thread")) {
      return "Raise the limit of threads or processes, or the container's memory";
    }
    return "Raise -Xmx, or lower queue_bytes (SATELLITE_QUEUE_BYTES)";
  }

  /** What does not fit is left out, except the room for the end of the line. */
  private void append(String text) {
    for (int i = 0; i < text.length() && length < line.length - 1; i++) {
      char c = text.charAt(i);
      line[length++] = (byte) (c < ' ' ? ' ' : c > '~' ? '?' : c);
    }
  }
}

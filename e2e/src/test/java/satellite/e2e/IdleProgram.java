package satellite.e2e;

import java.util.concurrent.CountDownLatch;

/** The program that {@link JavaAgent} watches: says that it runs, then waits for its end. */
final class IdleProgram {

  static final String STARTED = "idle program started";

  private IdleProgram() {}

  public static void main(String[] args) throws InterruptedException {
    System.out.println(STARTED);
    new CountDownLatch(1).await();
  }
}

package satellite;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import satellite.pipes.transport.EventLoops;

/**
 * {@code satellite start} in a process in which, on a byte of standard input, something happens to
 * one more of the threads that it has.
 */
final class FailingSatellite {

  /** What happens, and where. */
  enum Failure {
    /** An event loop fills it, and any thread may be the next to ask for memory. */
    HEAP_FULL,
    DIRECT_MEMORY_FULL_ON_A_DISPATCHER,
    STACK_FULL_ON_AN_ACCEPTOR,
    CLASS_GONE_ON_A_THREAD
  }

  private FailingSatellite() {}

  public static void main(String[] arguments) {
    Failure failure = Failure.valueOf(arguments[0]);
    new Thread(() -> awaitNudge(failure), "failure").start();
    Satellite.main(new String[] {"start"});
  }

  private static void awaitNudge(Failure failure) {
    try {
      System.in.read();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    switch (failure) {
      case HEAP_FULL -> new EventLoops(1).workers().execute(() -> fill(1 << 20));
      case DIRECT_MEMORY_FULL_ON_A_DISPATCHER ->
          new Scheduler(1, "dispatch").execute(FailingSatellite::fillDirectMemory);
      case STACK_FULL_ON_AN_ACCEPTOR -> new EventLoops(1).acceptor().execute(() -> descend(0));
      case CLASS_GONE_ON_A_THREAD -> throw new NoClassDefFoundError("satellite/pipes/Missing");
    }
  }

  /** To the last byte: whoever tells of it has nothing left. */
  private static void fill(int firstBytes) {
    List<byte[]> all = new ArrayList<>();
    int bytes = firstBytes;
    while (true) {
      try {
        all.add(new byte[bytes]);
      } catch (OutOfMemoryError e) {
        if (bytes == 0) {
          throw e;
        }
        bytes /= 2;
      }
    }
  }

  private static void fillDirectMemory() {
    EventLoops loops = new EventLoops(1);
    List<Object> all = new ArrayList<>();
    while (true) {
      all.add(loops.buffers().directBuffer(1 << 20));
    }
  }

  private static int descend(int depth) {
    return descend(depth + 1) + 1;
  }
}

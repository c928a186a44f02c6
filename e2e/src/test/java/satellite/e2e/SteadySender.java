package satellite.e2e;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;

/** Sends segments on one stream, some four hundred in a second, on a thread of its own. */
final class SteadySender implements AutoCloseable {

  private static final int AT_ONCE = 4;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final SampleSender feed;
  private final String service;
  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> end;
  private volatile boolean running = true;

  SteadySender(String address, String service) {
    this.feed = new SampleSender(address);
    this.service = service;
    this.end = CompletableFuture.runAsync(this::run);
  }

  private void run() {
    ClientStream<SegmentObject> stream = feed.segmentStream();
    while (running) {
      for (int i = 0; i < AT_ONCE; i++) {
        String id = Samples.id();
        stream.send(Samples.segment(service, id));
        sent.add(id);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    stream.end();
  }

  /** How many it has sent so far. */
  int count() {
    return sent.size();
  }

  /** Sends no more, waits for the answer, and returns the ids of all that it has sent. */
  List<String> end() {
    running = false;
    end.join();
    return sent;
  }

  @Override
  public void close() {
    running = false;
    try {
      end.join();
    } catch (CompletionException e) {
      // end() tells it; a test that did not come so far has another complaint.
    }
    feed.close();
  }
}

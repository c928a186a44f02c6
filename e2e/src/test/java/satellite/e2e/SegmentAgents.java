package satellite.e2e;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc;

/**
 * Agents as their gRPC makes them: each has one channel, keeps its connection as long as it can,
 * opens a stream for each report, and connects anew when it is told to go.
 */
final class SegmentAgents implements AutoCloseable {

  private final String target;
  private final long periodMillis;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
  private final AtomicInteger serial = new AtomicInteger();
  final Set<String> accepted = ConcurrentHashMap.newKeySet();
  final Set<String> failed = ConcurrentHashMap.newKeySet();
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean ended;

  /**
   * @param periodMillis between two reports of an agent
   */
  SegmentAgents(String target, long periodMillis) {
    this.target = target;
    this.periodMillis = periodMillis;
  }

  void add(int agents) {
    for (int i = 0; i < agents; i++) {
      ManagedChannel channel = ManagedChannelBuilder.forTarget(target).usePlaintext().build();
      channels.add(channel);
      var stub = TraceSegmentReportServiceGrpc.newStub(channel);
      clock.scheduleAtFixedRate(
          () -> report(stub),
          ThreadLocalRandom.current().nextLong(periodMillis),
          periodMillis,
          TimeUnit.MILLISECONDS);
    }
  }

  private void report(TraceSegmentReportServiceGrpc.TraceSegmentReportServiceStub stub) {
    if (ended) {
      return;
    }
    String id = "segment-" + serial.incrementAndGet();
    open.incrementAndGet();
    StreamObserver<SegmentObject> stream =
        stub.withDeadlineAfter(20, TimeUnit.SECONDS)
            .collect(
                new StreamObserver<>() {
                  @Override
                  public void onNext(Commands commands) {}

                  @Override
                  public void onError(Throwable failure) {
                    failed.add(id + ": " + failure.getMessage());
                    open.decrementAndGet();
                  }

                  @Override
                  public void onCompleted() {
                    accepted.add(id);
                    open.decrementAndGet();
                  }
                });
    stream.onNext(SegmentObject.newBuilder().setTraceSegmentId(id).setService("s").build());
    stream.onCompleted();
  }

  /** No more reports; those under way are waited for. */
  void end() {
    ended = true;
    Eventually.equal(0, "reports under way", open::get);
  }

  @Override
  public void close() {
    ended = true;
    clock.shutdownNow();
    channels.forEach(ManagedChannel::shutdownNow);
  }
}

package satellite.pipes;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.queue.Receipt;

/**
 * Takes whole reports of one asynchronous method, such as the body of an HTTP request: all of their
 * messages or none, since their sender gets one answer to all. Each message stands alone, unlike
 * those of a gRPC stream. The messages of a report stay in order. Any thread; nothing waits.
 *
 * <p>The queue's bound in bytes holds; its bound in events may be passed by one report.
 */
public final class ReportReceiver {

  private final Protocol protocol;
  private final PipeConfig pipe;
  private final MemoryQueue queue;
  private final Account account;
  private final LongSupplier nanoTime;
  private final AtomicInteger reports = new AtomicInteger();

  ReportReceiver(
      Protocol protocol,
      PipeConfig pipe,
      MemoryQueue queue,
      Account account,
      LongSupplier nanoTime) {
    if (protocol.forwarding().gather() != Protocol.Gather.NO) {
      throw new IllegalArgumentException(protocol.method() + " is gathered from streams");
    }
    this.protocol = protocol;
    this.pipe = pipe;
    this.queue = queue;
    this.account = account;
    this.nanoTime = nanoTime;
  }

  /**
   * Known at once, or, where the pipe waits for a disk or for OAP's answer, when all of the report
   * is acknowledged; then on a thread that must not be blocked.
   *
   * @param messages as they would come over gRPC
   */
  public CompletionStage<Admission> take(List<byte[]> messages) {
    Report report = new Report(queue.partition(reports.getAndIncrement()), nanoTime.getAsLong());
    for (int i = 0; i < messages.size(); i++) {
      try {
        protocol.reading().open(pipe).read(messages.get(i), report);
      } catch (MalformedMessageException e) {
        refusedAsMalformed(messages.size());
        return now(new Admission.Malformed(i, e.getMessage()));
      }
    }
    if (!report.acquire()) {
      account.refused(report.diskRefuses ? "disk" : "queue_full", messages.size());
      return now(new Admission.Full(report.diskRefuses));
    }
    report.put();
    return report.admission;
  }

  private static CompletionStage<Admission> now(Admission admission) {
    return CompletableFuture.completedStage(admission);
  }

  /** The sender's report could not be read at all, or not so far as to know what was in it. */
  public void refusedAsMalformed(int messages) {
    account.refused("malformed", messages);
  }

  /** Accepted, but of no use to OAP: dropped for {@code reason}. */
  public void useless(String reason, int messages) {
    account.received(messages, 0);
    account.dropped(reason, messages);
  }

  /** The events of a report, until they are put into the queue together. */
  private final class Report implements StreamReader.Found {
    private final MemoryQueue.Partition own;
    private final long now;
    private final List<Event> events = new ArrayList<>();
    private final List<String> useless = new ArrayList<>();
    private final CompletableFuture<Admission> admission = new CompletableFuture<>();
    private final Awaited awaited = new Awaited(this::acknowledged);
    private boolean diskRefuses;
    private final boolean waits = queue.config().acknowledgement() != Acknowledgement.QUEUED;

    Report(MemoryQueue.Partition own, long now) {
      this.own = own;
      this.now = now;
    }

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      Receipt receipt = waits ? awaited.oneMore() : null;
      events.add(new Event(protocol.method(), key, group, context, parts, 1, now, receipt));
    }

    @Override
    public void useless(String reason) {
      useless.add(reason);
    }

    /** Space for all of them, or for none. */
    boolean acquire() {
      for (int i = 0; i < events.size(); i++) {
        if (!partition(events.get(i)).acquire(events.get(i).bytes())) {
          diskRefuses = partition(events.get(i)).diskRefuses();
          events.subList(0, i).forEach(event -> partition(event).release(event.bytes()));
          return false;
        }
      }
      return true;
    }

    void put() {
      for (Event event : events) {
        account.received(event.messages(), event.payloadBytes());
        partition(event).put(event);
      }
      useless.forEach(reason -> ReportReceiver.this.useless(reason, 1));
      awaited.sentAll();
    }

    private void acknowledged(Failure failure) {
      if (failure == null) {
        admission.complete(new Admission.Accepted());
      } else if (failure.isFinal()) {
        admission.complete(new Admission.Refused(failure.reason(), failure.detail()));
      } else {
        admission.complete(new Admission.Failed(failure.reason(), failure.detail()));
      }
    }

    private MemoryQueue.Partition partition(Event event) {
      return event.key() == null ? own : queue.partition(event.key().hashCode());
    }
  }
}

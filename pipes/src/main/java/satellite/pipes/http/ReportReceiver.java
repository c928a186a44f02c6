package satellite.pipes.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import satellite.pipes.pipe.DeliveryFailure;
import satellite.pipes.pipe.Intake;
import satellite.pipes.pipe.PendingReceipts;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.protocol.MalformedMessageException;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.StreamReader;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.Receipt;

/**
 * Takes whole reports of one asynchronous method, such as the body of an HTTP request: all of their
 * messages or none, since their sender gets one answer to all. Each message stands alone, unlike
 * those of a gRPC stream. The messages of a report stay in order. Any thread; nothing waits.
 *
 * <p>The queue's bound in bytes holds; its bound in events may be passed by one report.
 */
final class ReportReceiver {

  private final Protocol protocol;
  private final Pipe pipe;
  private final Account account;

  ReportReceiver(Protocol protocol, Pipe pipe) {
    if (protocol.forwarding().gather() != Protocol.Gather.NO) {
      throw new IllegalArgumentException(protocol.method() + " is gathered from streams");
    }
    this.protocol = protocol;
    this.pipe = pipe;
    this.account = pipe.account();
  }

  /**
   * Known at once, or, where the pipe waits for a disk or for OAP's answer, when all of the report
   * is acknowledged; then on a thread that must not be blocked.
   *
   * @param messages as they would come over gRPC
   */
  public CompletionStage<ReportResult> take(List<byte[]> messages) {
    Report report = new Report(pipe.intake(), pipe.clock().getAsLong());
    for (int i = 0; i < messages.size(); i++) {
      try {
        protocol.reading().open(pipe.config().readerOptions()).read(messages.get(i), report);
      } catch (MalformedMessageException e) {
        refusedAsMalformed(messages.size());
        return now(new ReportResult.Malformed(i, e.getMessage()));
      }
    }
    if (!report.acquire()) {
      account.refused(report.diskRefuses ? "disk" : "queue_full", messages.size());
      return now(new ReportResult.Full(report.diskRefuses));
    }
    report.put();
    return report.result;
  }

  private static CompletionStage<ReportResult> now(ReportResult result) {
    return CompletableFuture.completedStage(result);
  }

  /** The sender's report could not be read at all, or not so far as to know what was in it. */
  public void refusedAsMalformed(int messages) {
    account.refused("malformed", messages);
  }

  /** Accepted, but of no use to OAP: dropped for {@code reason}. */
  void discarded(String reason, int messages) {
    account.received(messages, 0);
    account.dropped(reason, messages);
  }

  /** The events of a report, until they are put into the queue together. */
  private final class Report implements StreamReader.Sink {
    private final Intake intake;
    private final long now;
    private final List<Event> events = new ArrayList<>();
    private final List<String> discarded = new ArrayList<>();
    private final CompletableFuture<ReportResult> result = new CompletableFuture<>();
    private final PendingReceipts receipts = new PendingReceipts(this::acknowledged);
    private boolean diskRefuses;
    private final boolean waits = pipe.queue().config().acknowledgement() != Acknowledgement.QUEUED;

    Report(Intake intake, long now) {
      this.intake = intake;
      this.now = now;
    }

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      Receipt receipt = waits ? receipts.oneMore() : null;
      events.add(new Event(protocol.method(), key, group, context, parts, 1, now, receipt));
    }

    @Override
    public void discarded(String reason) {
      discarded.add(reason);
    }

    /** Space for all of them, or for none. */
    boolean acquire() {
      for (int i = 0; i < events.size(); i++) {
        if (!intake.partition(events.get(i)).acquire(events.get(i).bytes())) {
          diskRefuses = intake.diskRefuses(events.get(i));
          release(events.subList(0, i));
          return false;
        }
      }
      return true;
    }

    private void release(List<Event> acquired) {
      acquired.forEach(event -> intake.partition(event).release(event.bytes()));
    }

    void put() {
      int next = 0;
      try {
        while (next < events.size()) {
          Event event = events.get(next++);
          intake.partition(event).put(event);
          intake.received(event);
        }
      } finally {
        // Where one found no memory, those behind it are not put any more.
        release(events.subList(next, events.size()));
      }
      discarded.forEach(reason -> ReportReceiver.this.discarded(reason, 1));
      receipts.sentAll();
    }

    private void acknowledged(DeliveryFailure failure) {
      if (failure == null) {
        result.complete(new ReportResult.Accepted());
      } else if (failure.isFinal()) {
        result.complete(new ReportResult.Refused(failure.reason(), failure.detail()));
      } else {
        result.complete(new ReportResult.Failed(failure.reason(), failure.detail()));
      }
    }
  }
}

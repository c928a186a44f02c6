package satellite.pipes.server;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import satellite.pipes.pipe.Gatherer;
import satellite.pipes.pipe.Intake;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocol.Gather;
import satellite.queue.Event;
import satellite.queue.Receipt;

/**
 * The {@link Gatherer} of one stream, with its clock: for a time, or for the whole of the stream,
 * as its protocol says. On the stream's event loop.
 */
final class Gathering {

  /**
   * Of the sender's flush time, that gathering may use: the rest lets events of many streams meet.
   */
  private static final double FLUSH_TIME_SHARE = 0.9;

  /** Enough to be joined: more only holds memory, see RATIONALE.md. */
  private static final int MAX_BYTES = 64 << 10;

  private final Protocol protocol;
  private final Pipe pipe;
  private final Intake intake;
  private final EventExecutor loop;
  private final Runnable onEvent;
  private final Supplier<Receipt> receipts;
  private final boolean forATime;

  /** Made for the first message, whose partition it is. */
  private Gatherer gatherer;

  private Future<?> flushTimer;

  /**
   * @param onEvent told when what was gathered went into the queue
   * @param receipts one for each event that goes there; gives null where nobody waits
   */
  Gathering(
      Protocol protocol,
      Pipe pipe,
      Intake intake,
      EventExecutor loop,
      Runnable onEvent,
      Supplier<Receipt> receipts) {
    this.protocol = protocol;
    this.pipe = pipe;
    this.intake = intake;
    this.loop = loop;
    this.onEvent = onEvent;
    this.receipts = receipts;
    this.forATime = protocol.forwarding().gather() == Gather.FOR_A_TIME;
  }

  /** False when there is no space; then nothing was taken. */
  boolean offer(Event piece) {
    if (gatherer == null) {
      gatherer = gatherer(piece);
    }
    if (!gatherer.offer(piece)) {
      return false;
    }
    intake.received(piece);
    if (forATime && flushTimer == null && !gatherer.isEmpty()) {
      flushTimer = loop.schedule(this::flush, flushNanos(pipe.config()), TimeUnit.NANOSECONDS);
    }
    return true;
  }

  private Gatherer gatherer(Event first) {
    PipeConfig config = pipe.config();
    return new Gatherer(
        intake.partition(first),
        forATime ? config.gather().maxMessages() : Integer.MAX_VALUE,
        forATime ? Math.min(MAX_BYTES, config.batch().maxBytes()) : Integer.MAX_VALUE,
        onEvent,
        receipts);
  }

  private static long flushNanos(PipeConfig config) {
    double most = FLUSH_TIME_SHARE * config.batch().flushTime().toNanos();
    return (long) Math.min(config.gather().flushTime().toNanos(), most);
  }

  private void flush() {
    flushTimer = null;
    gatherer.flush();
  }

  /**
   * The stream has ended: what was gathered is queued, or, where its protocol needs to know whom it
   * is of and nothing said so, dropped.
   */
  void finish() {
    if (flushTimer != null) {
      flushTimer.cancel(false);
    }
    if (gatherer == null) {
      return;
    }
    if (protocol.forwarding().sticky() && gatherer.key() == null) {
      int messages = gatherer.discard();
      if (messages > 0) {
        pipe.account().dropped("no_identity", messages);
      }
    } else {
      gatherer.flush();
    }
  }
}

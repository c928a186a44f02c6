package satellite.pipes.pipe;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import satellite.queue.Receipt;

/**
 * What a sender waits for where its pipe does not answer at once: a receipt for each of its events,
 * and its own end. However long it sends, only the number of open receipts is held, and the first
 * failure. Any thread.
 */
public final class PendingReceipts implements Receipt {

  /** Receipts not told yet, and one until the sender has sent all. */
  private final AtomicInteger open = new AtomicInteger(1);

  private final AtomicReference<DeliveryFailure> first = new AtomicReference<>();
  private final Consumer<DeliveryFailure> onAll;

  /**
   * @param onAll told once, on the thread that tells the last receipt; with null when nothing
   *     failed. It must not block
   */
  public PendingReceipts(Consumer<DeliveryFailure> onAll) {
    this.onAll = onAll;
  }

  /** For one more event, before {@link #sentAll}. */
  public Receipt oneMore() {
    open.incrementAndGet();
    return this;
  }

  /** The sender has sent all that it will. */
  public void sentAll() {
    told();
  }

  @Override
  public void acknowledged() {
    told();
  }

  @Override
  public void failed(String reason, String detail) {
    first.compareAndSet(null, new DeliveryFailure(reason, detail));
    told();
  }

  private void told() {
    if (open.decrementAndGet() == 0) {
      onAll.accept(first.get());
    }
  }
}

package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When reads of a connection are coalesced, and when as it comes; the time is turned by hand. */
class ReadCoalescingTest {

  private static final int PAUSE_MILLIS = 100;
  private static final int SMALL = 3_000;

  private long millis = 1_000_050;
  private final ReadCoalescing reads =
      new ReadCoalescing(() -> TimeUnit.MILLISECONDS.toNanos(millis));
  private EmbeddedChannel connection;

  @BeforeEach
  void open() {
    connection = new EmbeddedChannel(reads);
    connection.freezeTime();
  }

  @AfterEach
  void nothingIsLeft() {
    connection.finishAndReleaseAll();
  }

  @Test
  void aConnectionWithoutAccessLogsIsReadAsItComes() {
    arrives(SMALL);
    arrives(SMALL);
    assertTrue(isRead());
  }

  @Test
  void frequentSmallReadsAreJoinedUntilTheNextRead() {
    accessLogs();
    arrives(SMALL);
    pass(20);
    arrives(SMALL);
    assertFalse(isRead());
    pass(29);
    assertFalse(isRead(), "the next read is at the full tenth of a second");
    pass(1);
    assertTrue(isRead());
  }

  @Test
  void whatArrivedIsHandedOnBeforeThePause() {
    accessLogs();
    arrives(SMALL);
    arrives(SMALL);
    ByteBuf first = connection.readInbound();
    ByteBuf second = connection.readInbound();
    assertEquals(2 * SMALL, first.readableBytes() + second.readableBytes());
    first.release();
    second.release();
  }

  @Test
  void aRareMessageIsReadAtOnceAndSoIsTheNext() {
    accessLogs();
    arrives(SMALL);
    pass(10 * PAUSE_MILLIS);
    arrives(SMALL);
    assertTrue(isRead());
  }

  @Test
  void muchToReadIsReadOn() {
    accessLogs();
    arrives(SMALL);
    pass(1);
    arrives(16 << 10);
    assertTrue(isRead());
  }

  @Test
  void whileSomebodyWaitsForAnAnswerThereAreNoPauses() {
    accessLogs();
    reads.awaited();
    arrives(SMALL);
    pass(1);
    arrives(SMALL);
    assertTrue(isRead());
    reads.answered();
    pass(1);
    arrives(SMALL);
    assertFalse(isRead());
  }

  @Test
  void theShortestOfThePausesCounts() {
    accessLogs();
    reads.coalesce(TimeUnit.MILLISECONDS.toNanos(10));
    accessLogs();
    arrives(SMALL);
    pass(1);
    arrives(SMALL);
    assertFalse(isRead());
    pass(9);
    assertTrue(isRead());
  }

  @Test
  void aWiderWindowLetsMoreWait() {
    accessLogs();
    reads.window(256 << 10);
    arrives(SMALL);
    pass(1);
    arrives(16 << 10);
    assertFalse(isRead());
    pass(PAUSE_MILLIS);
    arrives(64 << 10);
    assertTrue(isRead());
  }

  @Test
  void aStreamThatIsToEndIsReadAsItComesAndTheNextCoalesced() {
    accessLogs();
    reads.readPromptlyOnce();
    arrives(SMALL);
    pass(1);
    arrives(SMALL);
    assertTrue(isRead());
    accessLogs();
    arrives(SMALL);
    pass(1);
    arrives(SMALL);
    assertFalse(isRead());
  }

  private void accessLogs() {
    reads.coalesce(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
  }

  private void arrives(int bytes) {
    connection.writeInbound(Unpooled.wrappedBuffer(new byte[bytes]));
  }

  private boolean isRead() {
    return connection.config().isAutoRead();
  }

  private void pass(int more) {
    millis += more;
    connection.advanceTimeBy(more, TimeUnit.MILLISECONDS);
    connection.runScheduledPendingTasks();
  }
}

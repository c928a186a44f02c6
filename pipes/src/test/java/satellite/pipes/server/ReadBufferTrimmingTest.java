package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a paused stream keeps of a receive buffer, seen behind what every connection begins with.
 */
class ReadBufferTrimmingTest {

  private static final int RECEIVE_BUFFER = 64 << 10;
  private static final int SMALL = 3_000;

  private final EmbeddedChannel connection = new EmbeddedChannel();
  private boolean filling = true;
  private ByteBuf read;
  private ByteBuf handedOn;

  @BeforeEach
  void open() {
    new ConnectionRegistry(() -> filling, new ReceiveBudget(1 << 20), 2 << 20, System::nanoTime)
        .opened(connection);
  }

  @AfterEach
  void nothingIsLeft() {
    handedOn.release();
    assertEquals(0, read.refCnt());
    connection.finishAndReleaseAll();
  }

  @Test
  void aSmallReadDoesNotKeepALargeBuffer() {
    arrives(SMALL);
    assertNotSame(read, handedOn);
    assertEquals(0, read.refCnt(), "the receive buffer is free again");
    assertEquals(SMALL, handedOn.capacity());
  }

  @Test
  void itsBytesStayWhatTheyWere() {
    arrives(SMALL);
    for (int i = 0; i < SMALL; i++) {
      assertEquals((byte) i, handedOn.readByte());
    }
  }

  @Test
  void aReadThatFillsItsBufferIsNotCopied() {
    arrives(RECEIVE_BUFFER * 9 / 10);
    assertSame(read, handedOn);
  }

  @Test
  void nothingIsCopiedWhileThereIsMemory() {
    filling = false;
    arrives(SMALL);
    assertSame(read, handedOn);
  }

  private void arrives(int bytes) {
    read = PooledByteBufAllocator.DEFAULT.directBuffer(RECEIVE_BUFFER);
    for (int i = 0; i < bytes; i++) {
      read.writeByte(i);
    }
    connection.writeInbound(read);
    handedOn = connection.readInbound();
  }
}

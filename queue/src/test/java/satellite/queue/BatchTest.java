package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** That splitting and settling a batch loses neither an event nor a byte. */
class BatchTest extends QueueFixture {

  private final MemoryQueue queue = queue(1, 100, budget(1 << 20));
  private final MemoryQueue.Partition partition = queue.partition(0);

  private Batch batchOf(int events) {
    for (int i = 0; i < events; i++) {
      offer(partition, event(200 + i));
    }
    return take(partition, events);
  }

  /** One event of five client messages, a part each. */
  private Batch gathered() {
    byte[][] parts = {new byte[10], new byte[20], new byte[30], new byte[40], new byte[50]};
    offer(partition, new Event("/a/B", "key", "group", new byte[] {7}, parts, 5, 42));
    return take(partition, 1);
  }

  private List<Batch> split(Batch batch, List<Batch> halves) {
    disown(batch);
    halves.forEach(this::own);
    return halves;
  }

  @Test
  void settlingTwiceThrows() {
    Batch batch = batchOf(2);
    forward(batch);
    assertThrows(IllegalStateException.class, batch::done);
    assertEquals(0, queue.bytes());
  }

  @Test
  void aBatchThatOthersReplaceCannotBeSettled() {
    Batch halved = batchOf(2);
    split(halved, halved.split());
    assertThrows(IllegalStateException.class, halved::done);
    Batch sliced = gathered();
    split(sliced, sliced.splitEvent());
    assertThrows(IllegalStateException.class, sliced::done);
    Batch reopened = batchOf(1);
    disown(reopened);
    own(new Batch(partition, reopened.unbatch()));
    assertThrows(IllegalStateException.class, reopened::done);
  }

  @Test
  void aBatchThatIsSettledCannotBeReplaced() {
    Batch batch = batchOf(2);
    forward(batch);
    assertThrows(IllegalStateException.class, batch::split);
    assertThrows(IllegalStateException.class, batch::unbatch);
    Batch single = gathered();
    forward(single);
    assertThrows(IllegalStateException.class, single::splitEvent);
    assertEquals(0, partition.events());
  }

  @Test
  void halvesHoldTheSameEventsInOrder() {
    Batch batch = batchOf(5);
    List<Event> events = batch.events();
    long bytes = queue.bytes();
    List<Batch> halves = split(batch, batch.split());
    assertEquals(events.subList(0, 2), halves.get(0).events());
    assertEquals(events.subList(2, 5), halves.get(1).events());
    assertEquals(bytes, queue.bytes());
    assertEquals(5, queue.events());
    forward(halves.get(0));
    assertEquals(3, queue.events());
    assertEquals(202 + 203 + 204, queue.bytes());
  }

  @Test
  void halvesOfASingleEventHoldTheSamePartsInOrder() {
    Batch batch = gathered();
    byte[][] parts = batch.first().parts().toArrays();
    List<Batch> halves = split(batch, batch.splitEvent());
    Event first = halves.get(0).first();
    Event second = halves.get(1).first();
    assertEquals(List.of(2, 3), List.of(first.messages(), second.messages()));
    assertArrayEquals(parts[1], first.parts().get(1));
    assertArrayEquals(parts[2], second.parts().get(0));
    assertEquals(
        "key group 42", second.key() + " " + second.group() + " " + second.receivedNanos());
    assertSame(first.context(), second.context());
  }

  @Test
  void halvesOfASingleEventKeepBytesAndCounts() {
    Batch batch = gathered();
    long bytes = queue.bytes();
    List<Batch> halves = split(batch, batch.splitEvent());
    assertEquals(bytes, queue.bytes());
    assertEquals(bytes, halves.get(0).first().bytes() + halves.get(1).first().bytes());
    assertEquals(2, queue.events());
    forward(halves.get(0));
    assertEquals(3, account.outstanding());
    forward(halves.get(1));
    assertEquals(0, queue.bytes());
  }

  @Test
  void splittingDownToSingleMessagesLosesNone() {
    Batch batch = gathered();
    int settled = settleOneByOne(batch);
    assertEquals(5, settled);
    assertEquals(0, queue.bytes());
    assertEquals(0, queue.events());
  }

  private int settleOneByOne(Batch batch) {
    if (batch.messages() == 1) {
      forward(batch);
      return 1;
    }
    return split(batch, batch.splitEvent()).stream().mapToInt(this::settleOneByOne).sum();
  }

  @Test
  void countsMessagesAndNotEvents() {
    Event one = event();
    Event gathered = new Event("/a/B", null, null, new byte[0], new byte[3][1], 3, 0);
    offer(partition, one);
    offer(partition, gathered);
    assertEquals(4, take(partition, 2).messages());
  }

  @Test
  void remembersItsAttemptsAndTheLastNode() {
    Batch batch = batchOf(1);
    assertEquals(0, batch.attempts());
    assertNull(batch.lastNode());
    batch.attempted("a:1");
    batch.attempted("b:1");
    assertEquals(2, batch.attempts());
    assertEquals("b:1", batch.lastNode());
  }

  @Test
  void anEventIsChargedForItsPayloadItsContextAndTheHeapAroundEachMessage() {
    Event event = new Event("/a/B", null, null, new byte[99], new byte[3][10], 3, 0);
    assertEquals(30, event.payloadBytes());
    assertEquals(30 + 99 + 3 * Event.OVERHEAD_BYTES, event.bytes());
  }
}

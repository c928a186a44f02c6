package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import satellite.pipes.pipe.Batching;
import satellite.pipes.pipe.Gatherer;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.protocol.Protocol.Forwarding;
import satellite.pipes.protocol.Protocol.Gather;
import satellite.pipes.protocol.Protocol.Kind;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;

/**
 * The way of messages from client streams to upstream calls, with the real readers, gatherer,
 * queue, batching and merging, but without network and time: chance says when a batch leaves, what
 * it holds, and whether it is split on its way, as the dispatcher does with one that a node
 * refuses.
 */
public final class Relay {

  /** One upstream call. */
  public record Call(String target, String node, List<byte[]> messages) {}

  private static final int NODES = 3;

  static {
    Generated.hushWarnings();
  }

  private final Random random;
  private final PipeConfig pipe;
  private final MemoryQueue queue;
  private final MemoryQueue.Partition partition;
  private final List<Call> calls = new ArrayList<>();
  private final List<String> discarded = new ArrayList<>();
  private int queued;
  private int sent;

  /** Everything leaves in one batch per call, unsplit. */
  public Relay(PipeConfig pipe) {
    this(null, pipe);
  }

  /**
   * @param random who cuts and splits; null for nobody
   */
  public Relay(Random random, PipeConfig pipe) {
    this.random = random;
    this.pipe = pipe;
    this.queue = new MemoryQueue(pipe.queue(), new MemoryBudget(1L << 40));
    this.partition = queue.partitions().get(0);
  }

  /** Limits that leave the cuts to chance. */
  public static PipeConfig pipe(Random random) {
    return pipe(1 + random.nextInt(20), 1 << (17 + random.nextInt(6)), random.nextBoolean());
  }

  public static PipeConfig pipe() {
    return pipe(500, 1 << 22, false);
  }

  public static PipeConfig pipe(int gatheredMessages, int maxBytes, boolean joinOtlpLogs) {
    return new PipeConfig(
        "pipe",
        "receiver",
        new QueueConfig(1, 1_000_000, Duration.ZERO, QueueConfig.WhenFull.REFUSE),
        new PipeConfig.Gather(Duration.ofSeconds(1), gatheredMessages),
        new PipeConfig.BatchLimits(Duration.ofSeconds(1), 200, maxBytes, 4),
        PipeConfig.Retry.UNTIL_DELIVERED,
        new PipeConfig.Routing(100, Duration.ofMinutes(3), List.of("host.name", "service.name")),
        joinOtlpLogs);
  }

  /** The node that keeps an identity here. */
  public static String nodeOf(String key) {
    return "node-" + Math.floorMod(key.hashCode(), NODES);
  }

  public Stream open(String method) {
    return new Stream(Protocols.of(method));
  }

  /** A client stream, or one unary call after the other. */
  public final class Stream implements StreamReader.Sink {
    private final Protocol protocol;
    private final Gatherer gatherer;
    private StreamReader reader;

    private Stream(Protocol protocol) {
      this.protocol = protocol;
      this.reader = protocol.reading().open(pipe.readerOptions());
      boolean forATime = protocol.forwarding().gather() == Gather.FOR_A_TIME;
      this.gatherer =
          protocol.forwarding().gather() == Gather.NO
              ? null
              : new Gatherer(
                  partition,
                  forATime ? pipe.gather().maxMessages() : Integer.MAX_VALUE,
                  forATime ? pipe.batch().maxBytes() : Integer.MAX_VALUE,
                  () -> {},
                  () -> null);
    }

    Stream send(MessageLite message) {
      return send(message.toByteArray());
    }

    Stream send(byte[] message) {
      try {
        reader.read(message, this);
      } catch (MalformedMessageException e) {
        throw new AssertionError("a valid message was refused", e);
      }
      if (protocol.kind() == Kind.UNARY) {
        reader = protocol.reading().open(pipe.readerOptions());
      }
      return this;
    }

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      Event event = new Event(protocol.method(), key, group, context, parts, 1, 0);
      queued++;
      assertTrue(gatherer == null ? partition.offer(event) : gatherer.offer(event));
    }

    @Override
    public void discarded(String reason) {
      discarded.add(reason);
    }

    /** The gathering time is over. */
    void tick() {
      if (protocol.forwarding().gather() == Gather.FOR_A_TIME) {
        gatherer.flush();
      }
    }

    void end() {
      if (gatherer == null) {
        return;
      }
      // As the receiver does.
      if (protocol.forwarding().sticky() && gatherer.key() == null) {
        int messages = gatherer.discard();
        queued -= messages;
        for (int i = 0; i < messages; i++) {
          discarded.add("no_identity");
        }
      } else {
        gatherer.flush();
      }
    }
  }

  /** Sends what is queued, in batches of any size. */
  public void drain() {
    List<Event> polled;
    while (!(polled = poll()).isEmpty()) {
      for (List<Event> call : Batching.calls(polled, Merging::call, Relay::nodeOf).values()) {
        send(new Batch(partition, call));
      }
    }
  }

  private List<Event> poll() {
    return random == null
        ? partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE)
        : partition.poll(1 + random.nextInt(40), 1 + random.nextInt(1 << 16));
  }

  private static String nodeOf(Event event) {
    if (!Protocols.of(event.method()).forwarding().sticky()) {
      return null;
    }
    assertNotNull(event.key(), "an event that must stay on its node says which one that is");
    return nodeOf(event.key());
  }

  private void send(Batch whole) {
    boolean splits = random != null && random.nextInt(3) == 0;
    Deque<Batch> batches = new ArrayDeque<>(List.of(whole));
    while (!batches.isEmpty()) {
      Batch batch = batches.removeFirst();
      List<Batch> halves = splits && random.nextInt(4) > 0 ? halves(batch) : List.of();
      if (!halves.isEmpty()) {
        batches.addFirst(halves.get(1));
        batches.addFirst(halves.get(0));
        continue;
      }
      Forwarding how = Protocols.of(batch.first().method()).forwarding();
      calls.add(new Call(how.target(), nodeOf(batch.first()), merged(how.shape(), batch)));
      sent += batch.messages();
      batch.done();
    }
  }

  public static List<byte[]> merged(Shape shape, Batch batch) {
    return Merging.messages(shape, batch.events()).stream().map(Payload::toByteArray).toList();
  }

  /** As the dispatcher does with a refused batch. */
  public static List<Batch> halves(Batch batch) {
    Forwarding how = Protocols.of(batch.first().method()).forwarding();
    if (batch.events().size() > 1 && how.shape() != Shape.UNARY_EACH) {
      return batch.split();
    }
    boolean gathered = how.gather() == Gather.FOR_A_TIME;
    return gathered && batch.first().messages() > 1 ? batch.splitEvent() : List.of();
  }

  /** Everything that was sent upstream; the account must be even. */
  public List<Call> finish() {
    drain();
    assertEquals(queued, sent, "messages that were queued and messages that left");
    assertEquals(0, queue.events(), "events still held");
    assertEquals(0, queue.bytes(), "bytes still held");
    return List.copyOf(calls);
  }

  /** The upstream messages of all calls, in order. */
  public List<byte[]> messages() {
    return finish().stream().flatMap(call -> call.messages().stream()).toList();
  }

  /** What was sent until now. */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  public List<String> discarded() {
    return discarded;
  }
}

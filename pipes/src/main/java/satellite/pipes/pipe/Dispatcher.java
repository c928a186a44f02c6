package satellite.pipes.pipe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import satellite.pipes.protocol.Protocols;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.routing.Connection;
import satellite.routing.MinLatency;
import satellite.routing.Router;
import satellite.routing.StickyRouting;
import satellite.routing.Upstream;

/**
 * Takes batches out of one partition when they are due, gives each a node, and settles it by the
 * node's answer: forwarded, tried again, split or dropped.
 *
 * <p>Its state belongs to whoever runs {@link #run}: one thread of the pool at a time, woken by the
 * queue, by an answer, by a change of the nodes or by a timer. Nothing blocks.
 */
final class Dispatcher<C extends Connection> implements Runnable {

  private static final System.Logger LOG = System.getLogger("dispatcher");

  private final MemoryQueue.Partition partition;
  private final PipeConfig pipe;
  private final Router<C> router;
  private final Router<C>.Cursor cursor;
  private final StickyRouting<C> fixed;
  private final MinLatency minLatency;
  private final Forwarder<C> forwarder;
  private final Settlement settlement;
  private final Expiry expiry;
  private final ScheduledExecutorService pool;
  private final LongSupplier nanoTime;

  private final AtomicInteger wakeUps = new AtomicInteger();
  private final Queue<Runnable> mailbox = new ConcurrentLinkedQueue<>();
  private final Deque<Batch> unrouted = new ArrayDeque<>();
  private final Lanes<C> lanes;
  private final RetryQueue retries;

  /**
   * In this run an event found no node. One may be there a moment later, but not for what comes
   * after that event: it might be of the same source.
   */
  private boolean nobody;

  private boolean timerSet;

  /** Also read by those who bring events. */
  private volatile boolean flushing;

  private volatile boolean abandoned;

  /** What is abandoned goes to disk, where there is one. */
  private boolean persists;

  Dispatcher(
      MemoryQueue.Partition partition,
      PipeConfig pipe,
      Egress<C> egress,
      Settlement settlement,
      ScheduledExecutorService pool,
      LongSupplier nanoTime,
      DoubleSupplier random) {
    this.partition = partition;
    this.pipe = pipe;
    this.router = egress.router();
    this.cursor = router.cursor();
    this.minLatency = router.minLatency(pipe.name());
    this.fixed = egress.fixed();
    this.forwarder = egress.forwarder();
    this.settlement = settlement;
    this.pool = pool;
    this.nanoTime = nanoTime;
    this.lanes = new Lanes<>(router);
    this.retries =
        new RetryQueue(
            pipe.retry(),
            router.retryBudget(),
            (task, nanos) -> schedule(() -> tell(task), nanos),
            nanoTime,
            random);
    this.expiry = new Expiry(pipe, partition, settlement, nanoTime);
    partition.listen(
        this::wakeWhenDue, this::wake, pipe.batch().maxEvents(), pipe.batch().maxBytes());
  }

  /** Any thread: there may be something to do. */
  void wake() {
    if (wakeUps.getAndIncrement() == 0) {
      try {
        pool.execute(this);
      } catch (RejectedExecutionException e) {
        // The pool is closed, and so is everything that could be done here.
      }
    }
  }

  private void tell(Runnable message) {
    mailbox.add(message);
    wake();
  }

  /** Sends what there is, whatever its age, and from now on at once. */
  void flush() {
    tell(() -> flushing = true);
  }

  /** Gives up on what is held and what still comes: it is dropped, counted as {@code shutdown}. */
  void abandon() {
    tell(
        () -> {
          persists = false;
          abandoned = true;
        });
  }

  /**
   * The same, except that it goes to disk for the next start, where there is a disk; when the calls
   * under way have ended or are broken off.
   */
  void persist() {
    tell(
        () -> {
          persists = true;
          abandoned = true;
        });
  }

  /** The older before the younger. */
  private void giveUpAll() {
    List<Event> held = new ArrayList<>();
    retries.giveUp().forEach(batch -> held.addAll(batch.unbatch()));
    for (Lane<C> lane : lanes.all()) {
      lane.waiting.forEach(batch -> held.addAll(batch.unbatch()));
      lane.waiting.clear();
    }
    unrouted.forEach(batch -> held.addAll(batch.unbatch()));
    unrouted.clear();
    List<Event> rest;
    while (!(rest = partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE)).isEmpty()) {
      held.addAll(rest);
    }
    if (!held.isEmpty() && !(persists && partition.persist(held))) {
      settlement.dropped(new Batch(partition, held), "shutdown", "Satellite is stopping");
    }
  }

  @Override
  public void run() {
    int seen = wakeUps.get();
    do {
      try {
        work();
      } catch (RuntimeException e) {
        // A bug: whatever it hit must not end the partition for all that comes behind it.
        LOG.log(System.Logger.Level.ERROR, "pipe " + pipe.name() + ": " + e, e);
      }
      lanes.releaseUnusedPermits();
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0);
  }

  private void work() {
    Runnable message;
    while ((message = mailbox.poll()) != null) {
      message.run();
    }
    if (abandoned) {
      // What is kept is kept in order: what comes back from a node is before what waits.
      if (!persists || !lanes.isAnythingInFlight()) {
        giveUpAll();
      }
      return;
    }
    nobody = false;
    sendWaiting();
    takeDue();
  }

  /** The first event met an empty partition. */
  private void wakeWhenDue() {
    if (flushing || abandoned) {
      wake();
      return;
    }
    long now = nanoTime.getAsLong();
    schedule(this::wake, dueIn(partition.oldestNanos(now), now));
  }

  private long dueIn(long receivedNanos, long now) {
    return Math.max(0, receivedNanos + pipe.batch().flushTime().toNanos() - now);
  }

  private void schedule(Runnable task, long nanos) {
    try {
      pool.schedule(task, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // As in wake().
    }
  }

  private void takeDue() {
    while (unrouted.isEmpty() && !router.used().isEmpty()) {
      long now = nanoTime.getAsLong();
      long oldest = partition.oldestNanos(now + 1);
      if (oldest - now > 0) {
        return;
      }
      if (!flushing
          && partition.waiting() < pipe.batch().maxEvents()
          && partition.waitingBytes() < pipe.batch().maxBytes()
          && dueIn(oldest, now) > 0) {
        setTimer(dueIn(oldest, now));
        return;
      }
      List<Event> events = partition.poll(pipe.batch().maxEvents(), pipe.batch().maxBytes());
      if (events.isEmpty()) {
        return;
      }
      route(events, 0);
      sendWaiting();
    }
  }

  private void setTimer(long nanos) {
    if (!timerSet) {
      timerSet = true;
      schedule(() -> tell(() -> timerSet = false), nanos);
    }
  }

  /** Events to batches, and those that must stay on a node to its lane. */
  private void route(List<Event> events, int attempts) {
    Batching.calls(expiry.unexpired(events), forwarder::together, this::nodeOf)
        .forEach((call, own) -> place(call.node(), new Batch(partition, own, attempts)));
  }

  private void place(String node, Batch batch) {
    if (node == null) {
      unrouted.addLast(batch);
    } else {
      lanes.of(node).add(batch);
    }
  }

  /** The node that an event must go to; null when any will do, or none is there. */
  private String nodeOf(Event event) {
    if (!isSticky(event)) {
      return null;
    }
    String node = fixed.address(event.key(), lost -> lanes.mayLeave(event, lost));
    if (node == null) {
      nobody = true;
    } else if (nobody && lanes.mayLeave(event, node)) {
      return null;
    }
    return node;
  }

  private static boolean isSticky(Event event) {
    return Protocols.of(event.method()).forwarding().sticky();
  }

  private void sendWaiting() {
    lanes.leaveLostNodes().forEach(batch -> route(batch.unbatch(), batch.attempts()));
    sendUnrouted();
    lanes.forEachUp(this::sendLane);
  }

  private void sendUnrouted() {
    Deque<Batch> before = new ArrayDeque<>(unrouted);
    unrouted.clear();
    try {
      while (!before.isEmpty() && sendUnrouted(before.removeFirst())) {}
    } finally {
      unrouted.addAll(before);
    }
  }

  /** False when nobody has room for it, nor for those behind it. */
  private boolean sendUnrouted(Batch routedBefore) {
    // Nothing that expires must stay on a node, so lanes need not ask.
    Batch batch = expiry.unexpired(routedBefore);
    if (batch == null) {
      return true;
    }
    if (isSticky(batch.first())) {
      // No node was up when it was routed.
      route(batch.unbatch(), batch.attempts());
      return true;
    }
    Upstream<C> upstream = freeUpstream(batch);
    if (upstream == null) {
      unrouted.addLast(batch);
      return false;
    }
    send(batch, upstream, lanes.of(upstream));
    return true;
  }

  /** The next node in turn with room, another one than failed last if possible. */
  private Upstream<C> freeUpstream(Batch batch) {
    Upstream<C> free =
        cursor.next(u -> !u.node().address().equals(batch.lastNode()) && acquires(u));
    if (free == null && batch.lastNode() != null) {
      free = cursor.next(this::acquires);
    }
    if (free == null) {
      router.used().forEach(this::awaitPermit);
    }
    return free;
  }

  private boolean acquires(Upstream<C> upstream) {
    Lane<C> lane = lanes.of(upstream);
    return lane.inFlight < pipe.batch().maxInFlight() && lane.acquire(upstream);
  }

  private void sendLane(Upstream<C> upstream, Lane<C> lane) {
    Iterator<Batch> waiting = lane.waiting.iterator();
    while (waiting.hasNext() && lane.inFlight < pipe.batch().maxInFlight()) {
      Batch batch = waiting.next();
      if (lane.busy.containsKey(order(batch))) {
        continue;
      }
      if (!lane.acquire(upstream)) {
        awaitPermit(upstream);
        return;
      }
      lane.busy.put(order(batch), batch);
      waiting.remove();
      send(batch, upstream, lane);
    }
  }

  /** Where the lane itself is full, the answer to one of its own calls wakes us. */
  private void awaitPermit(Upstream<C> upstream) {
    Lane<C> lane = lanes.of(upstream);
    if (lane.inFlight < pipe.batch().maxInFlight() && lane.isFirstInLine(upstream)) {
      upstream.onPermit(() -> tell(() -> lanes.granted(upstream)));
    }
  }

  /** Batches of the same order go one after the other. */
  private static String order(Batch batch) {
    return String.valueOf(batch.first().group());
  }

  /** On a permit that was taken. */
  private void send(Batch batch, Upstream<C> upstream, Lane<C> lane) {
    lane.inFlight++;
    batch.attempted(upstream.node().address());
    Upstream<C>.Call call = upstream.call(minLatency, nanoTime.getAsLong());
    forwarder.send(
        upstream,
        batch,
        outcome -> {
          end(call, outcome);
          tell(() -> settle(batch, upstream, lane, outcome));
        });
  }

  private void end(Upstream<C>.Call call, Outcome outcome) {
    long now = nanoTime.getAsLong();
    if (outcome instanceof Outcome.Unreached) {
      call.failed(now);
    } else if (outcome instanceof Outcome.Refused) {
      call.refused(now);
    } else {
      call.answered(now);
    }
  }

  private void settle(Batch batch, Upstream<C> upstream, Lane<C> lane, Outcome outcome) {
    lane.inFlight--;
    if (outcome instanceof Outcome.Mixed mixed) {
      lane.busy.remove(order(batch), batch);
      batch.unbatch();
      for (Outcome.Part part : mixed.parts()) {
        Batch own = new Batch(partition, part.events(), batch.attempts());
        if (isSticky(own.first())) {
          lane.busy.put(order(own), own);
        }
        conclude(own, upstream, lane, part.outcome());
      }
    } else {
      conclude(batch, upstream, lane, outcome);
    }
  }

  private void conclude(Batch batch, Upstream<C> upstream, Lane<C> lane, Outcome outcome) {
    if (outcome instanceof Outcome.Delivered) {
      upstream.delivered(batch.messages());
      lane.busy.remove(order(batch), batch);
      settlement.forwarded(batch);
    } else if (outcome instanceof Outcome.Refused refused) {
      lane.busy.remove(order(batch), batch);
      splitOrDrop(batch, upstream, lane, refused);
    } else if (outcome instanceof Outcome.Unreached unreached) {
      retry(batch, lane, unreached);
    }
  }

  /** Halves until the message that cannot be taken stands alone. */
  private void splitOrDrop(
      Batch batch, Upstream<C> upstream, Lane<C> lane, Outcome.Refused refused) {
    List<Batch> halves = refused.whole() ? List.of() : Batching.halves(batch);
    if (halves.isEmpty()) {
      settlement.refused(batch, upstream.node().address(), refused);
      return;
    }
    Deque<Batch> deque = isSticky(batch.first()) ? lane.waiting : unrouted;
    deque.addFirst(halves.get(1));
    deque.addFirst(halves.get(0));
  }

  private void retry(Batch batch, Lane<C> lane, Outcome.Unreached why) {
    if (abandoned) {
      waitAgain(batch, lane);
    } else if (retries.isExhausted(batch)) {
      lane.busy.remove(order(batch), batch);
      settlement.dropped(batch, "attempts_exhausted_" + why.reason(), why.detail());
    } else {
      retries.add(batch, why, () -> waitAgain(batch, lane));
    }
  }

  /** Before all that came after it. */
  private void waitAgain(Batch batch, Lane<C> lane) {
    if (isSticky(batch.first())) {
      lane.busy.remove(order(batch), batch);
      lane.waiting.addFirst(batch);
    } else {
      unrouted.addFirst(batch);
    }
  }
}

package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;

/** What a replica knows of the others. */
class ReplicasTest {

  private static final Node SELF = new Node("10.0.0.1", 1234);
  private static final ReplicaStatus OWN = status("own", 90, 0.9);

  private final Map<Node, ReplicaStatus> answers = new HashMap<>(Map.of(SELF, OWN));
  private final Map<Node, CompletableFuture<ReplicaStatus>> silent = new HashMap<>();
  private final List<Node> asked = new ArrayList<>();
  private final FakeDiscovery discovery = new FakeDiscovery();
  private long nanos;
  private final Replicas replicas =
      new Replicas(discovery, () -> OWN, this::answer, () -> nanos, new Random(1));

  private static ReplicaStatus status(String id, int connections, double share) {
    return new ReplicaStatus(id, connections, share, true, 0);
  }

  private static Node node(int number) {
    return new Node("10.0.1." + number, 1234);
  }

  private CompletionStage<ReplicaStatus> answer(Node node) {
    asked.add(node);
    if (silent.containsKey(node)) {
      return silent.get(node);
    }
    ReplicaStatus status = answers.get(node);
    return status == null
        ? CompletableFuture.failedFuture(new IOException("nobody"))
        : CompletableFuture.completedFuture(status);
  }

  private void find(Node... nodes) {
    replicas.start();
    discovery.find(Set.of(nodes));
  }

  private void rounds(int count) {
    for (int i = 0; i < count; i++) {
      nanos += Duration.ofSeconds(1).toNanos();
      replicas.poll();
    }
  }

  @Test
  void oneThatIsAloneIsTheMean() {
    find(SELF);
    rounds(3);
    assertEquals(new ReplicasSummary(1, 0, 90, 0.9, false), replicas.summary());
  }

  @Test
  void itKnowsItselfAndStopsAsking() {
    find(SELF);
    rounds(5);
    assertEquals(List.of(SELF), asked);
  }

  @Test
  void theMeanIsThatOfAll() {
    answers.put(node(1), status("b", 30, 0.3));
    answers.put(node(2), status("c", 0, 0));
    find(SELF, node(1), node(2));
    rounds(2);
    ReplicasSummary summary = replicas.summary();
    assertEquals(3, summary.replicas());
    assertEquals(40, summary.meanConnections(), 1e-9);
    assertEquals(0.4, summary.meanShare(), 1e-9);
    assertTrue(summary.othersAccept());
  }

  @Test
  void oneThatWasNotFoundCountsItselfAllTheSame() {
    answers.put(node(1), status("b", 30, 0.3));
    find(node(1));
    rounds(1);
    assertEquals(new ReplicasSummary(2, 1, 60, 0.6, true), replicas.summary());
  }

  @Test
  void oneThatDoesNotAnswerAnyMoreIsForgotten() {
    answers.put(node(1), status("b", 30, 0.3));
    find(SELF, node(1));
    rounds(1);
    assertEquals(1, replicas.summary().heard());
    answers.remove(node(1));
    rounds(1);
    assertEquals(0, replicas.summary().heard());
    assertFalse(replicas.summary().othersAccept());
  }

  @Test
  void oneThatIsGoneIsForgotten() {
    answers.put(node(1), status("b", 30, 0.3));
    find(SELF, node(1));
    rounds(1);
    discovery.find(Set.of(SELF));
    assertEquals(0, replicas.summary().heard());
  }

  @Test
  void whoDoesNotTakeConnectionsIsNoReasonToGiveSomeAway() {
    answers.put(node(1), new ReplicaStatus("b", 30, 1, false, 0));
    find(SELF, node(1));
    rounds(1);
    assertFalse(replicas.summary().othersAccept());
    assertEquals(60, replicas.summary().meanConnections());
  }

  @Test
  void amongManyItAsksThreeInARoundOneAfterTheOther() {
    Node[] many = new Node[100];
    for (int i = 0; i < many.length; i++) {
      many[i] = node(i);
      answers.put(many[i], status("n" + i, i, 0));
    }
    find(many);
    rounds(1);
    assertEquals(3, Set.copyOf(asked).size());
    rounds(30);
    assertEquals(93, asked.size());
    // Of the last ten seconds.
    assertTrue(replicas.summary().heard() > 20 && replicas.summary().heard() <= 30);
    assertEquals(101, replicas.summary().replicas());
    assertTrue(Set.copyOf(asked).size() > 50, "they are drawn by chance");
  }

  /** As when the name of one has to be looked up, and DNS is away. */
  @Test
  void whoHasNotAnsweredYetIsNotAskedOnceMore() {
    silent.put(node(1), new CompletableFuture<>());
    find(node(1));
    rounds(100);
    assertEquals(List.of(node(1)), asked);
    silent.remove(node(1)).completeExceptionally(new IOException("nobody"));
    rounds(1);
    assertEquals(List.of(node(1), node(1)), asked);
  }

  @Test
  void anAnswerOfOneThatIsGoneMeanwhileIsNotHeard() {
    silent.put(node(1), new CompletableFuture<>());
    find(SELF, node(1));
    rounds(1);
    discovery.find(Set.of(SELF));
    silent.get(node(1)).complete(status("b", 30, 0.3));
    assertEquals(new ReplicasSummary(1, 0, 90, 0.9, false), replicas.summary());
  }

  /** Kubernetes does not name it any more when it is to end. */
  @Test
  void oneThatIsNotFoundAnyMoreCountsItselfAllTheSame() {
    answers.put(node(1), status("b", 30, 0.3));
    answers.put(node(2), status("c", 0, 0));
    find(SELF, node(1), node(2));
    rounds(1);
    discovery.find(Set.of(node(1), node(2)));
    assertEquals(3, replicas.summary().replicas());
    // A mean of three, though one of them is silent.
    answers.remove(node(2));
    rounds(1);
    assertEquals(new ReplicasSummary(3, 1, 50, (0.9 + 2 * 0.3) / 3, true), replicas.summary());
  }
}

package satellite.demo;

import java.time.Duration;
import java.util.List;

/**
 * What the demonstration shows of one moment; all numbers are counts of messages since the start.
 *
 * @param uptime since the start
 * @param connections of agents and Envoys to Satellite
 */
public record DemoState(
    Duration uptime, int connections, Senders senders, List<Pipe> pipes, List<Node> nodes) {

  /** What the agents and Envoys say: {@code sent = answered + failed + not answered yet}. */
  public record Senders(long sent, long answered, long failed) {}

  /** What the account of a pipe says: {@code received = forwarded + queued + failed}. */
  public record Pipe(String name, long received, long queued, long forwarded, long failed) {

    boolean idle() {
      return received == 0 && queued == 0 && forwarded == 0 && failed == 0;
    }
  }

  /**
   * @param state in Satellite's eyes, in a word
   * @param messages that arrived there
   */
  public record Node(String name, String state, long messages) {}

  /** The same with connections that were closed in good order, which is no state of a node. */
  DemoState afterTheEnd() {
    List<Node> drained =
        nodes.stream().map(node -> new Node(node.name(), "drained", node.messages())).toList();
    return new DemoState(uptime, connections, senders, pipes, drained);
  }

  static final DemoState NOTHING =
      new DemoState(Duration.ZERO, 0, new Senders(0, 0, 0), List.of(), List.of());
}

package satellite.admin;

import java.util.List;
import satellite.queue.AccountTotals;

/**
 * What Satellite tells about itself at one moment: {@code /status.json}, whose keys are the names
 * here, and the page, which is made of it. Rates are of the last ten seconds, times are ISO 8601.
 *
 * @param account of all pipes
 * @param nodes of all clients; those that are left and still have calls under way as well
 * @param discovery the status of each source
 * @param replicas null where they do not know each other
 * @param disk null where nothing is kept on disk
 * @param configuration in effect, as YAML, with secrets masked
 */
record Status(
    Program program,
    AccountTotals account,
    List<Pipe> pipes,
    List<Node> nodes,
    List<Source> discovery,
    Replicas replicas,
    Connections connections,
    Memory memory,
    Disk disk,
    String configuration) {

  /**
   * @param state starting, ready, full (not ready, as a limit is reached) or draining
   */
  record Program(
      String version,
      String cluster,
      String service,
      String instance,
      String state,
      String started,
      String time,
      long uptimeSeconds,
      double cpuPercent) {}

  /**
   * @param acknowledgement when its senders are answered
   * @param queuedEvents in memory, waiting or under way; an event may be several messages
   * @param fullness of the queue in memory, 0..1
   * @param oldestSeconds age of what waits longest in memory
   */
  record Pipe(
      String name,
      String receiver,
      String acknowledgement,
      double receivedPerSecond,
      double forwardedPerSecond,
      double receivedBytesPerSecond,
      int queuedEvents,
      long queuedBytes,
      double fullness,
      double oldestSeconds,
      int openStreams,
      AccountTotals account) {}

  /**
   * @param client whose node it is: grpc-client or kafka-client
   * @param state up, slow_start, connecting, down, probed, ejected or draining
   * @param why it is not simply up; may be empty
   * @param delivered messages that it has answered for
   * @param share of what the nodes of its client answered for in the last ten seconds, 0..1
   * @param window calls that may be under way now
   * @param latencyMillis of a call, on average; null where none was answered
   * @param ejections times it was left out
   */
  record Node(
      String address,
      String client,
      String zone,
      int weight,
      int priority,
      String state,
      String why,
      long delivered,
      double deliveredPerSecond,
      double share,
      int inFlight,
      int window,
      Double latencyMillis,
      long ejections) {}

  /**
   * @param nodes in its last good answer; null while there was none, as is {@code changed}
   * @param changed when that answer was new
   * @param error why it cannot be asked; empty while it can, and {@code failedSince} is null
   */
  record Source(
      String name,
      Integer nodes,
      String changed,
      String remark,
      String error,
      String failedSince) {}

  /**
   * @param known with this one, as far as one has answered
   * @param heard how many of the others have answered in the last ten seconds
   * @param meanConnections of a replica, as far as is known
   * @param othersAccept whether one of the others takes new connections
   * @param discovery the status of each source
   */
  record Replicas(
      int known, int heard, double meanConnections, boolean othersAccept, List<Source> discovery) {}

  /**
   * @param limit from which on those of gRPC are refused
   * @param http null where nothing listens for HTTP
   * @param refused closed as they arrived, because of a limit
   * @param deniedCalls for want of the right token
   * @param clients of gRPC, those with most connections first
   * @param furtherClients who are not listed
   */
  record Connections(
      int grpc,
      int limit,
      Integer http,
      long refused,
      long deniedCalls,
      long passedThroughCalls,
      long passedThroughFailedCalls,
      List<Client> clients,
      int furtherClients) {}

  /** The connections from one host. */
  record Client(String host, int connections, long oldestSeconds) {}

  /** What queues hold there. */
  record Memory(long usedBytes, long maxBytes) {}

  /**
   * @param up whether the last thing that was tried worked
   * @param lastError null where nothing ever failed
   */
  record Disk(
      boolean up,
      String lastError,
      long usedBytes,
      long maxBytes,
      long deadLetters,
      long deadLetterBytes) {}
}

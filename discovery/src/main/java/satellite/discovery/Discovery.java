package satellite.discovery;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Where the upstream nodes are. Tells complete sets, the first one when it is known, never an equal
 * one twice in a row; an empty answer is told, an error keeps the last set. The listener is called
 * by one thread at a time and must not block.
 */
public interface Discovery extends AutoCloseable {

  /** Begins to look; returns at once. To be called once. */
  void start(Consumer<Set<Node>> listener);

  /** What each of its sources said last. Any thread, at any time. */
  List<SourceStatus> statuses();

  /** Tells nothing any more. Works without a start, and more than once. */
  @Override
  void close();
}

package satellite.discovery;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.time.Clock;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The memory of a {@link Discovery} that asks one source: keeps the last good set through errors,
 * tells each change once, and writes a line to the log for each change of the set or of the
 * source's health. Any thread; the listener is called by one at a time.
 */
public final class Source {

  private static final System.Logger LOG = System.getLogger("discovery");

  private final String name;
  private final Clock clock;
  private Consumer<Set<Node>> listener;
  private boolean closed;
  private Set<Node> nodes;
  private Instant changed;
  private String remark = "";
  private String error = "";
  private Instant failedSince;

  /**
   * @param name see {@link SourceStatus#source}
   */
  public Source(String name, Clock clock) {
    this.name = name;
    this.clock = clock;
  }

  public synchronized void listen(Consumer<Set<Node>> to) {
    listener = to;
  }

  /** It was asked, and these are all nodes there are; nothing is to be said of the answer. */
  public void found(Set<Node> all) {
    found(all, "");
  }

  /**
   * It was asked, and these are all nodes there are.
   *
   * @param aRemark see {@link SourceStatus#remark}
   */
  public synchronized void found(Set<Node> all, String aRemark) {
    if (closed) {
      return;
    }
    boolean told = !aRemark.isEmpty() && !aRemark.equals(remark);
    remark = aRemark;
    if (failedSince != null) {
      error = "";
      failedSince = null;
      LOG.log(INFO, "{0}: answers again", name);
    }
    if (!all.equals(nodes)) {
      nodes = Set.copyOf(all);
      changed = clock.instant();
      told |= !aRemark.isEmpty();
      LOG.log(INFO, "{0}: {1}{2}", name, named(nodes), told ? "; " + aRemark : "");
      listener.accept(nodes);
    } else if (told) {
      LOG.log(INFO, "{0}: {1}", name, aRemark);
    }
  }

  private static String named(Set<Node> nodes) {
    var addresses = new TreeSet<String>();
    nodes.forEach(node -> addresses.add(node.address()));
    return nodes.isEmpty() ? "no nodes" : "nodes " + addresses;
  }

  /** It cannot be asked; what it said before stays. */
  public synchronized void failed(String why) {
    if (closed || why.equals(error)) {
      return;
    }
    error = why;
    if (failedSince == null) {
      failedSince = clock.instant();
    }
    String kept = nodes == null ? "no nodes are known yet" : "the last known stay: " + named(nodes);
    LOG.log(WARNING, "{0}: {1}; {2}", name, why, kept);
  }

  public synchronized SourceStatus status() {
    return new SourceStatus(name, nodes, changed, remark, error, failedSince);
  }

  public synchronized void close() {
    closed = true;
  }
}

package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import satellite.discovery.Discovery;
import satellite.discovery.Node;
import satellite.discovery.Source;
import satellite.discovery.SourceStatus;

/**
 * The objects of a {@link WatchTarget}, listed once and then watched: an informer of fabric8, which
 * lists again and watches again after any failure, with a pause that doubles. While it does not
 * watch, what it knew last stays, and the API server is asked now and then why.
 */
final class InformerDiscovery<T extends HasMetadata> implements Discovery {

  private static final long CHECK_SECONDS = 1;

  /** Between two requests that ask why it does not work. */
  private static final int CHECKS_PER_REQUEST = 5;

  private static final int MAX_NAMED = 5;

  private final FilterWatchListDeletable<T, ?, ?> objects;
  private final WatchTarget target;
  private final Function<T, ExtractedNodes> extract;
  private final Source source;
  private final ScheduledExecutorService timer;
  private volatile SharedIndexInformer<T> informer;
  private boolean closed;
  private volatile boolean listed;

  /** Checks in a row that found no watch; of the timer thread. */
  private int failedChecks;

  /**
   * @param timer one that may wait for the API server
   */
  InformerDiscovery(
      FilterWatchListDeletable<T, ?, ?> objects,
      WatchTarget target,
      Function<T, ExtractedNodes> extract,
      Clock clock,
      ScheduledExecutorService timer) {
    this.objects = objects;
    this.target = target;
    this.extract = extract;
    this.source = new Source(target.toString(), clock);
    this.timer = timer;
  }

  @Override
  public void start(Consumer<Set<Node>> listener) {
    source.listen(listener);
    startInformer();
    timer.scheduleWithFixedDelay(this::checkWatch, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
  }

  private synchronized void startInformer() {
    if (closed) {
      return;
    }
    listed = false;
    informer = objects.runnableInformer(0);
    informer.exceptionHandler(
        (started, failure) -> {
          source.failed(reason(failure));
          return true;
        });
    informer.addEventHandler(new ChangeHandler(informer));
    informer.start();
  }

  /** Lists again, too: where a watch cannot go on, something may have been missed. */
  private void restartInformer() {
    informer.stop();
    startInformer();
  }

  private final class ChangeHandler implements ResourceEventHandler<T> {
    private final SharedIndexInformer<T> own;

    ChangeHandler(SharedIndexInformer<T> own) {
      this.own = own;
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      if (own == informer) {
        listed = true;
        publish();
      }
    }

    @Override
    public void onAdd(T added) {
      publish();
    }

    @Override
    public void onUpdate(T before, T after) {
      publish();
    }

    @Override
    public void onDelete(T deleted, boolean unsure) {
      publish();
    }
  }

  /**
   * All of them, each time: which one has changed does not matter, and they are few. One at a time,
   * or an older state might be told after a newer one.
   */
  private synchronized void publish() {
    if (!listed) {
      return;
    }
    Set<Node> nodes = new HashSet<>();
    Set<String> addresses = new HashSet<>();
    Set<String> leftOut = new TreeSet<>();
    for (T object : informer.getStore().list()) {
      ExtractedNodes extracted = extract.apply(object);
      for (Node node : extracted.nodes()) {
        if (addresses.add(node.address())) {
          nodes.add(node);
        }
      }
      if (!extracted.leftOut().isEmpty()) {
        leftOut.add(extracted.leftOut());
      }
    }
    source.found(nodes, remark(leftOut));
  }

  private static String remark(Set<String> leftOut) {
    String first = String.join(", ", leftOut.stream().limit(MAX_NAMED).toList());
    int more = leftOut.size() - MAX_NAMED;
    return leftOut.isEmpty()
        ? ""
        : "left out: " + first + (more > 0 ? " and " + more + " more" : "");
  }

  /**
   * Whether it works: a watch that breaks is opened again by the informer without a word, and so is
   * one that is opened again.
   */
  private void checkWatch() {
    try {
      inspectWatch();
    } catch (RuntimeException e) {
      // An object that nobody expected, or a bug; without this it would have been the last check.
      source.failed("what it told cannot be used: " + e);
    } catch (Error e) {
      // The timer would keep it to itself, and check no more.
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      throw e;
    }
  }

  private void inspectWatch() {
    if (isWatching()) {
      failedChecks = 0;
      // Also when nothing has changed: it answers again.
      publish();
      return;
    }
    // It is opened anew from time to time, which takes a moment.
    if (++failedChecks % CHECKS_PER_REQUEST == 2) {
      try {
        objects.list(new ListOptionsBuilder().withLimit(1L).build());
        if (failedChecks > CHECKS_PER_REQUEST) {
          source.failed("it can be listed, but is not watched");
          restartInformer();
        }
      } catch (RuntimeException e) {
        source.failed(reason(e));
      }
    }
  }

  boolean isWatching() {
    try {
      return informer.isWatching();
    } catch (NullPointerException e) {
      // Between two watches, in fabric8 8.0.
      return false;
    }
  }

  private String reason(Throwable failure) {
    Throwable cause = failure;
    while ((!(cause instanceof KubernetesClientException known) || known.getCode() <= 0)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!(cause instanceof KubernetesClientException known) || known.getCode() <= 0) {
      return "the API server cannot be asked: " + said(cause);
    }
    return switch (known.getCode()) {
      case HttpURLConnection.HTTP_FORBIDDEN -> "forbidden; " + target.requiredRole();
      case HttpURLConnection.HTTP_UNAUTHORIZED ->
          "the API server does not take our token, password or certificate (401)";
      default -> "the API server answers " + known.getCode() + message(known.getStatus());
    };
  }

  private static String message(Status status) {
    return status == null || status.getMessage() == null ? "" : ": " + status.getMessage();
  }

  /** Of a failure that has no cause, fabric8 tells only what was to be done. */
  private static String said(Throwable cause) {
    if (cause instanceof KubernetesClientException) {
      return "it does not answer";
    }
    String text = cause.getMessage() == null ? "" : cause.getMessage();
    String first = text.lines().findFirst().orElse("");
    return first.isEmpty() ? cause.getClass().getSimpleName() : first;
  }

  @Override
  public List<SourceStatus> statuses() {
    return List.of(source.status());
  }

  @Override
  public synchronized void close() {
    closed = true;
    source.close();
    if (informer != null) {
      informer.stop();
    }
  }
}

package satellite.pipes.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.nio.NioIoHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What event loops fail of, and who hears of it. */
@Timeout(60)
class EventLoopsTest {

  private final BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
  private final BlockingQueue<Throwable> logged = new LinkedBlockingQueue<>();
  private final List<EventLoopGroup> groups = new ArrayList<>();
  private final Logger log = Logger.getLogger("transport");
  private Thread.UncaughtExceptionHandler before;

  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          logged.add(entry.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
    log.addHandler(listener);
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (EventLoopGroup group : groups) {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
    }
    log.removeHandler(listener);
    Thread.setDefaultUncaughtExceptionHandler(before);
  }

  private EventLoopGroup group(IoHandlerFactory io) {
    EventLoopGroup group = EventLoops.group(1, "test", io);
    groups.add(group);
    return group;
  }

  /** Waits for events as NIO does, until it throws. */
  private static IoHandlerFactory dyingOf(Error error) {
    IoHandlerFactory nio = NioIoHandler.newFactory();
    return executor -> {
      IoHandler handler = nio.newHandler(executor);
      return (IoHandler)
          Proxy.newProxyInstance(
              IoHandler.class.getClassLoader(),
              new Class<?>[] {IoHandler.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("run") && arguments[0] instanceof IoHandlerContext) {
                  throw error;
                }
                return method.invoke(handler, arguments);
              });
    };
  }

  @Test
  void aLoopThatDiesTellsTheThreadsHandlerOfWhat() throws InterruptedException {
    Error error = new LinkageError("gone");
    EventLoopGroup group = group(dyingOf(error));
    group.execute(() -> {});
    assertSame(error, uncaught.take());
    group.terminationFuture().await();
    assertNull(uncaught.poll(), "once");
  }

  @Test
  void whatATimerFailsOfIsLoggedAndTheLoopGoesOn() throws Exception {
    EventLoopGroup group = group(NioIoHandler.newFactory());
    Error error = new AssertionError("oops");
    Runnable failing =
        () -> {
          throw error;
        };
    var timer = group.schedule(failing, 1, TimeUnit.NANOSECONDS);
    assertSame(error, timer.await().cause());
    assertSame(error, logged.take());
    CompletableFuture<Integer> later = new CompletableFuture<>();
    Runnable next = () -> later.complete(7);
    group.schedule(next, 1, TimeUnit.NANOSECONDS);
    assertEquals(7, later.get());
    assertNull(uncaught.poll());
  }
}

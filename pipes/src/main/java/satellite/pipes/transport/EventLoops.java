package satellite.pipes.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The event loops, shared by server and clients: a call that is passed through stays on few
 * threads. Linux's epoll where there is one, else the JDK's selector.
 */
public final class EventLoops implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("transport");

  private static final int PAGE_BYTES = 8 << 10;

  /** A chunk of the pool has 2^7 pages: what is larger than 1 MiB is not pooled. */
  private static final int CHUNK_ORDER = 7;

  private final EventLoopGroup acceptor;
  private final EventLoopGroup workers;
  private final EventLoopGroup http;
  private final ByteBufAllocator buffers;
  private final DirectMemory memory;

  public EventLoops(int threads) {
    var io = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.acceptor = group(1, "accept", io);
    this.workers = group(threads, "io", io);
    this.http = group(1, "http", io);
    this.buffers = pool(threads + 1);
    this.memory = new DirectMemory(buffers);
  }

  /**
   * One for all, and small chunks: what one connection, or one queue, does not need any more is
   * there for the others.
   */
  private static ByteBufAllocator pool(int arenas) {
    return new PooledByteBufAllocator(
        true,
        0,
        arenas,
        PAGE_BYTES,
        CHUNK_ORDER,
        PooledByteBufAllocator.defaultSmallCacheSize(),
        PooledByteBufAllocator.defaultNormalCacheSize(),
        false);
  }

  static EventLoopGroup group(int threads, String name, IoHandlerFactory io) {
    return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name), io) {
      @Override
      protected IoEventLoop newChild(Executor executor, IoHandlerFactory io, Object... arguments) {
        return new Loop(this, executor, io);
      }
    };
  }

  /** Does not keep to itself what it fails of. That of tasks for now is logged by Netty. */
  private static final class Loop extends SingleThreadIoEventLoop {

    Loop(IoEventLoopGroup group, Executor executor, IoHandlerFactory io) {
      super(group, executor, io);
    }

    @Override
    protected void run() {
      try {
        super.run();
      } catch (Error e) {
        // The end of this loop, which Netty would only log.
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        throw e;
      }
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      return super.schedule(() -> runOrLog(task), delay, unit);
    }

    /** Nobody asks the future of a timer. */
    private static void runOrLog(Runnable task) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.log(System.Logger.Level.ERROR, "a timer: " + e, e);
        throw e;
      }
    }
  }

  public EventLoopGroup acceptor() {
    return acceptor;
  }

  public EventLoopGroup workers() {
    return workers;
  }

  /** For JSON, which takes long to read. Its thread starts with the first connection. */
  public EventLoopGroup http() {
    return http;
  }

  /** The pool of all that is read from and written to connections. */
  public ByteBufAllocator buffers() {
    return buffers;
  }

  /** The same pool, for what is queued. */
  public DirectMemory memory() {
    return memory;
  }

  /** The event loop that runs the caller; calls are served on theirs, see {@code GrpcServer}. */
  public EventExecutor current() {
    for (EventExecutor loop : workers) {
      if (loop.inEventLoop()) {
        return loop;
      }
    }
    throw new IllegalStateException("not on an event loop: " + Thread.currentThread().getName());
  }

  public Class<? extends Channel> clientChannel() {
    return Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  public ServerChannel newServerChannel() {
    return Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel();
  }

  @Override
  public void close() {
    acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    http.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    workers.terminationFuture().awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}

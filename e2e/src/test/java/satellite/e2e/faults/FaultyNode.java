package satellite.e2e.faults;

import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import satellite.e2e.ChildProcess;

/**
 * A gRPC server in the place of an OAP node that writes into the {@link Ledger} what it takes in,
 * and fails as it is told to. It keeps its port for life, so that it can come back. Any thread.
 */
final class FaultyNode implements AutoCloseable {

  /** How it treats the calls that come; a change holds for later ones. */
  enum Fault {
    WELL,
    /** Takes all at once, and answers late. */
    SLOW,
    /** Takes all, and answers when it is well again, if anybody still waits. */
    HUNG,
    /** Reads nothing from its connections, until it is well again. */
    DEAF,
    /** Fails a fifth of its calls: before, amid or after what they bring. */
    FAILING,
    /** Cuts the connection in a tenth of its calls: before, amid or after what they bring. */
    RESETTING
  }

  /** Errors that pass, and at last one that does not. */
  private static final List<Status> FAILURES =
      List.of(Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.ABORTED, Status.INTERNAL);

  /** For all nodes; theirs is little work. */
  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(
          2, new DefaultThreadFactory("nodes", true), NioIoHandler.newFactory());

  private final String name;
  private final Ledger ledger;
  private final int port = ChildProcess.freePort();
  private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
  private final Set<Call> held = ConcurrentHashMap.newKeySet();
  private volatile Fault fault = Fault.WELL;
  private volatile Predicate<Item> refuses = item -> false;

  /** Guarded by itself. */
  private final Random random;

  /** Guarded by this. */
  private Server server;

  FaultyNode(String name, Ledger ledger, long seed) {
    this.name = name;
    this.ledger = ledger;
    this.random = new Random(seed);
    start();
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Comes back, if it was killed. */
  synchronized void start() {
    if (server != null) {
      return;
    }
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
              .bossEventLoopGroup(LOOPS)
              .workerEventLoopGroup(LOOPS)
              .channelFactory(Listening::new)
              .directExecutor()
              .fallbackHandlerRegistry(new EveryMethod())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot listen on port " + port, e);
    }
  }

  /** Dies in the middle of whatever it does; nobody listens on its port. */
  synchronized void kill() {
    if (server == null) {
      return;
    }
    server.shutdownNow();
    cut();
    try {
      if (!server.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException(name + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server = null;
  }

  /** Refuses for good every call that carries one of these. */
  void refuse(Predicate<Item> which) {
    refuses = which;
  }

  void behave(Fault fault) {
    this.fault = fault;
    boolean reads = fault != Fault.DEAF;
    connections.forEach(connection -> connection.config().setAutoRead(reads));
    if (fault != Fault.HUNG) {
      held.forEach(Call::release);
    }
  }

  /** Whoever was connected is gone, and with him what was not read yet. */
  void forgetConnections() {
    connections.forEach(FaultyNode::reset);
  }

  /** There, and as a node should be. */
  void recover() {
    start();
    behave(Fault.WELL);
    refuse(item -> false);
  }

  @Override
  public void close() {
    kill();
  }

  @Override
  public String toString() {
    return name;
  }

  /** TCP resets, whatever the connections carry; in half of all cases HTTP/2 says goodbye first. */
  private void cut() {
    for (Channel connection : connections) {
      if (chance(2) == 0) {
        lingerNot(connection);
        connection.close();
      } else {
        reset(connection);
      }
    }
  }

  /** Past all handlers, which would say goodbye. */
  private static void reset(Channel connection) {
    lingerNot(connection);
    connection.pipeline().firstContext().close();
  }

  private static void lingerNot(Channel connection) {
    try {
      connection.config().setOption(ChannelOption.SO_LINGER, 0);
    } catch (ChannelException e) {
      // Its other side was quicker: it is closed already.
    }
  }

  private int chance(int bound) {
    synchronized (random) {
      return random.nextInt(bound);
    }
  }

  /** Knows its connections. */
  private final class Listening extends NioServerSocketChannel {
    @Override
    protected int doReadMessages(List<Object> accepted) throws Exception {
      int count = super.doReadMessages(accepted);
      for (Object connection : accepted) {
        Channel channel = (Channel) connection;
        if (connections.add(channel)) {
          channel.closeFuture().addListener(closed -> connections.remove(channel));
          channel.config().setAutoRead(fault != Fault.DEAF);
        }
      }
      return count;
    }
  }

  private final class EveryMethod extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      return ServerMethodDefinition.create(
          MethodDescriptor.newBuilder(BYTES, BYTES)
              .setFullMethodName(method)
              .setType(MethodType.BIDI_STREAMING)
              .build(),
          (call, headers) -> new Call(call));
    }
  }

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream message) {
          try {
            return message.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  /** How a call that is to fail ends. */
  private enum CallFault {
    NONE,
    BEFORE,
    AMID,
    AFTER
  }

  /** One call. Its listener runs on its event loop; only {@link #release} is called by others. */
  private final class Call extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final Fault fault = FaultyNode.this.fault;
    private final CallFault callFault;
    private final List<Item> carried = new ArrayList<>();
    private final List<Item> taken = new ArrayList<>();

    private boolean refused;

    /** Guarded by this. */
    private boolean over;

    Call(ServerCall<byte[], byte[]> call) {
      this.call = call;
      boolean fails =
          fault == Fault.FAILING && chance(5) == 0 || fault == Fault.RESETTING && chance(10) == 0;
      this.callFault = fails ? CallFault.values()[1 + chance(3)] : CallFault.NONE;
      if (callFault == CallFault.BEFORE) {
        fail();
      } else {
        call.request(1);
      }
    }

    @Override
    public void onMessage(byte[] message) {
      List<Item> items;
      try {
        items =
            Messages.items(call.getMethodDescriptor().getFullMethodName(), message, ledger::item);
      } catch (IllegalArgumentException e) {
        ledger.surprise(name + ": " + e.getMessage());
        end(Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
        return;
      }
      carried.addAll(items);
      if (callFault == CallFault.AMID) {
        fail();
        return;
      }
      if (items.stream().anyMatch(refuses)) {
        // It says so at the end, when it has seen what else is in the call.
        refused = true;
      } else {
        synchronized (this) {
          taken.addAll(items);
        }
        ledger.taken(items);
      }
      call.request(1);
    }

    @Override
    public void onHalfClose() {
      if (callFault == CallFault.AFTER) {
        fail();
      } else if (refused) {
        end(Status.INVALID_ARGUMENT.withDescription("the suite refuses it"));
      } else if (fault == Fault.HUNG) {
        held.add(this);
        if (FaultyNode.this.fault != Fault.HUNG) {
          release();
        }
      } else if (fault == Fault.SLOW) {
        LOOPS.schedule(() -> end(Status.OK), 50 + chance(200), TimeUnit.MILLISECONDS);
      } else {
        end(Status.OK);
      }
    }

    void release() {
      end(Status.OK);
    }

    private void fail() {
      if (fault == Fault.RESETTING) {
        // Whatever still comes of this call, it is not answered.
        onCancel();
        cut();
      } else {
        // Only who has seen all of a call may refuse it for good: it is the call's fault then.
        int errors = callFault == CallFault.AFTER ? FAILURES.size() : FAILURES.size() - 1;
        end(FAILURES.get(chance(errors)).withDescription("the suite fails a fifth"));
      }
    }

    private void end(Status status) {
      synchronized (this) {
        if (over || call.isCancelled()) {
          return;
        }
        over = true;
        held.remove(this);
        if (status.isOk()) {
          // Before the answer leaves: who hears it must find it in the ledger.
          ledger.delivered(taken);
          call.sendHeaders(new Metadata());
          call.sendMessage(new byte[0]);
        } else {
          ledger.unheard(taken);
        }
        if (status.getCode() == Status.Code.INVALID_ARGUMENT
            || status.getCode() == Status.Code.INTERNAL) {
          ledger.refusedForGood(carried);
        }
        call.close(status, new Metadata());
      }
    }

    /** The client gave up, or one of the two died. */
    @Override
    public void onCancel() {
      synchronized (this) {
        held.remove(this);
        if (!over) {
          over = true;
          ledger.unheard(taken);
        }
      }
    }
  }
}

package satellite.pipes;

import io.grpc.Grpc;
import io.grpc.ServerCall;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The clients' connections, by their remote address: from a call to what it came on. Any thread.
 */
final class Connections {

  private final Map<SocketAddress, ReadPacing> pacing = new ConcurrentHashMap<>();
  private final ExactBuffers exactBuffers;

  /**
   * @param filling whether streams may soon be paused, for want of memory
   */
  Connections(BooleanSupplier filling) {
    this.exactBuffers = new ExactBuffers(filling);
  }

  /** Before the connection says a word. */
  void opened(Channel channel) {
    SocketAddress client = channel.remoteAddress();
    if (client == null) {
      // Gone already.
      return;
    }
    ReadPacing paced = new ReadPacing(System::nanoTime);
    channel.pipeline().addFirst(paced, exactBuffers);
    pacing.put(client, paced);
    channel.closeFuture().addListener(closed -> pacing.remove(client, paced));
  }

  int count() {
    return pacing.size();
  }

  /** The call's connection carries a stream that nobody waits for an answer of. */
  void oneWay(ServerCall<?, ?> call, long pauseNanos) {
    ReadPacing paced = of(call);
    if (paced != null) {
      paced.oneWay(pauseNanos);
    }
  }

  /** Somebody may wait for an answer on the call's connection. */
  void interactive(ServerCall<?, ?> call) {
    ReadPacing paced = of(call);
    if (paced != null) {
      paced.interactive();
    }
  }

  private ReadPacing of(ServerCall<?, ?> call) {
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return client == null ? null : pacing.get(client);
  }
}

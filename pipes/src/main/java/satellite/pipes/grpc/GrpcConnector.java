package satellite.pipes.grpc;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import satellite.discovery.Node;
import satellite.pipes.tls.ClientTls;
import satellite.pipes.tls.TlsFilesException;
import satellite.pipes.transport.EventLoops;
import satellite.routing.Connector;

/** Opens gRPC connections to nodes. */
public final class GrpcConnector implements Connector<GrpcConnection> {

  private final ClientConfig client;
  private final ClientTls tls;
  private final EventLoops transport;
  private final ScheduledExecutorService timer;
  private final Set<GrpcConnection> opened = ConcurrentHashMap.newKeySet();

  /** Reads the TLS files; fails with {@link TlsFilesException}. */
  public GrpcConnector(ClientConfig client, EventLoops transport, ScheduledExecutorService timer) {
    this.client = client;
    this.tls = ClientTls.of(client.tls(), timer);
    this.transport = transport;
    this.timer = timer;
  }

  @Override
  public GrpcConnection open(Node node, Runnable onChange) {
    opened.removeIf(GrpcConnection::isClosed);
    GrpcConnection connection = GrpcConnection.to(node, client, tls, transport, timer, onChange);
    opened.add(connection);
    return connection.watch();
  }

  /** Connections that are not closed to the end: those in use, and those whose calls go on. */
  public int open() {
    opened.removeIf(GrpcConnection::isClosed);
    return opened.size();
  }

  /** Breaks off every call under way, also on connections that routing has closed. */
  public void closeNow() {
    opened.forEach(GrpcConnection::closeNow);
  }
}

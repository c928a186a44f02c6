package satellite.pipes.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;

/**
 * The context whose certificates are in force now: each new connection asks it, those that are open
 * keep what they have. With another context TLS sessions begin anew as well: nobody comes back on
 * one that certificates of before have opened. Any thread.
 */
final class RenewedSslContext extends SslContext {

  private volatile SslContext now;

  /** Everything from now on is done by the given one; also called before first use. */
  void use(SslContext context) {
    now = context;
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator buffers) {
    return now.newEngine(buffers);
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator buffers, String host, int port) {
    return now.newEngine(buffers, host, port);
  }

  @Override
  public boolean isClient() {
    return now.isClient();
  }

  @Override
  public List<String> cipherSuites() {
    return now.cipherSuites();
  }

  @Override
  @SuppressWarnings("deprecation") // Every context has to have one.
  public io.netty.handler.ssl.ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return now.applicationProtocolNegotiator();
  }

  @Override
  public SSLSessionContext sessionContext() {
    return now.sessionContext();
  }
}

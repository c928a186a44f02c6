package satellite.pipes.kafka;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import satellite.discovery.Node;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.pipes.tls.TlsFiles;
import satellite.pipes.tls.TlsFilesException;
import satellite.pipes.transport.EventLoops;

/** Kafka's own client, as far as the handshake with a broker. */
@Timeout(120)
class KafkaTlsTest {

  private final EventLoops transport = new EventLoops(1);

  /** Of each connection whether the handshake succeeded. */
  private final BlockingQueue<Boolean> handshakes = new LinkedBlockingQueue<>();

  private Channel broker;
  private final ScheduledExecutorService thread = Executors.newScheduledThreadPool(1);
  private KafkaConnector connector;

  @BeforeEach
  void startBroker() throws Exception {
    SslContext ssl =
        SslContextBuilder.forServer(
                TlsFiles.file("server.pem").toFile(), TlsFiles.file("server.key").toFile())
            .trustManager(TlsFiles.file("ca.pem").toFile())
            .clientAuth(ClientAuth.REQUIRE)
            .build();
    broker =
        new ServerBootstrap()
            .group(transport.acceptor(), transport.workers())
            .channelFactory(transport::newServerChannel)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    SslHandler handler = ssl.newHandler(channel.alloc());
                    handler.handshakeFuture().addListener(f -> handshakes.add(f.isSuccess()));
                    channel.pipeline().addLast(handler);
                  }
                })
            .bind(new InetSocketAddress("127.0.0.1", 0))
            .sync()
            .channel();
  }

  @AfterEach
  void stop() {
    thread.shutdown();
    if (connector != null) {
      connector.closeNow();
    }
    transport.close();
  }

  @Test
  void aBrokerThatWantsACertificateGetsIt() throws Exception {
    connect(
        new ClientTlsConfig(
            TlsFiles.file("ca.pem"),
            TlsFiles.file("client.pem"),
            TlsFiles.file("client.key"),
            false));
    assertTrue(handshakes.poll(15, TimeUnit.SECONDS));
  }

  @Test
  void aBrokerOfAStrangerIsNotSpokenTo() throws Exception {
    connect(
        new ClientTlsConfig(
            TlsFiles.file("other-ca.pem"),
            TlsFiles.file("client.pem"),
            TlsFiles.file("client.key"),
            false));
    assertFalse(handshakes.poll(15, TimeUnit.SECONDS));
  }

  @Test
  void filesThatAreNoCertificatesAreToldAtStart(@TempDir Path directory) throws Exception {
    Path nonsense = Files.writeString(directory.resolve("nonsense.pem"), "no certificate");
    var refused =
        assertThrows(
            TlsFilesException.class,
            () -> connect(new ClientTlsConfig(nonsense, null, null, false)));
    assertTrue(refused.getMessage().startsWith("the Kafka client's TLS files cannot be used: "));
  }

  private void connect(ClientTlsConfig tls) {
    int port = ((InetSocketAddress) broker.localAddress()).getPort();
    KafkaConfig config =
        new KafkaConfig(
            List.of(new Node("127.0.0.1", port)),
            "",
            tls,
            "satellite",
            "none",
            1_000_000,
            Duration.ofMillis(100),
            Duration.ofMinutes(10));
    connector = new KafkaConnector(config, List.of(), thread);
    connector.open(config.node(), () -> {});
  }
}

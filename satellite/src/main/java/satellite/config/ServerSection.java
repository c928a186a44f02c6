package satellite.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;

/** Reads the {@code grpc-server} of {@code sharing.servers}. */
final class ServerSection {

  static final String NAME = "grpc-server";

  private ServerSection() {}

  static ServerConfig server(Mapping server) {
    server.scalar("network").oneOf(Set.of("tcp"));
    Scalar listen = server.scalar("address");
    Address address = Address.parse(listen, listen.text());
    return new ServerConfig(
        address.host(),
        address.port(),
        tls(server),
        AccessToken.of(server.scalar("authentication").token()),
        server.scalar("max_recv_msg_size").integer(1, Integer.MAX_VALUE),
        server.scalar("max_concurrent_streams").integer(1, Integer.MAX_VALUE),
        ioThreads(server.scalar("io_threads").integer(0, 256)),
        limits(server.mapping("accept_limit")),
        new ServerConfig.Ages(
            server.scalar("max_connection_age").durationOrZero(ChronoUnit.SECONDS),
            server.scalar("max_connection_age_grace").durationOrZero(ChronoUnit.SECONDS),
            server.scalar("max_stream_age").durationOrZero(ChronoUnit.SECONDS)),
        quotas(server.mapping("quota")));
  }

  private static ServerConfig.Quotas quotas(Mapping quota) {
    return new ServerConfig.Quotas(
        quota.scalar("client_bytes").number(0, Long.MAX_VALUE),
        quota.scalar("service_bytes").number(0, Long.MAX_VALUE));
  }

  private static AcceptLimitConfig limits(Mapping limit) {
    return new AcceptLimitConfig(
        limit.scalar("connection_count").integer(1, Integer.MAX_VALUE),
        limit.scalar("cpu_utilization").integer(1, Integer.MAX_VALUE),
        limit.scalar("client_connection_count").integer(0, Integer.MAX_VALUE),
        limit.scalar("readiness").bool());
  }

  private static ServerTlsConfig tls(Mapping server) {
    Scalar certificate = server.scalar("tls_cert_file");
    Scalar key = server.scalar("tls_key_file");
    Scalar clientCa = server.scalar("tls_client_ca_file");
    if (certificate.text().isEmpty() != key.text().isEmpty()) {
      throw (certificate.text().isEmpty() ? certificate : key)
          .error("TLS needs both tls_cert_file and tls_key_file; only one of them is set");
    }
    if (!certificate.text().isEmpty()) {
      return new ServerTlsConfig(file(certificate), file(key), file(clientCa));
    }
    if (!clientCa.text().isEmpty()) {
      throw clientCa.error("clients' certificates need TLS: set tls_cert_file and tls_key_file");
    }
    return null;
  }

  private static Path file(Scalar path) {
    if (path.text().isEmpty()) {
      return null;
    }
    if (!Files.isReadable(path.path()) || Files.isDirectory(path.path())) {
      throw path.invalid("must be a file that can be read");
    }
    return path.path();
  }

  /** Half of the cores: a loop that is woken for several messages at once costs less for each. */
  private static int ioThreads(int configured) {
    return configured > 0
        ? configured
        : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  }
}

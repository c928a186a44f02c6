package satellite.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.routing.LoadBalancing;

/** Reads the {@code grpc-client} of {@code sharing.clients}. */
final class ClientSection {

  static final String NAME = "grpc-client";

  /** Of grpc-java: a shorter one would be lengthened without a word. */
  private static final Duration SHORTEST_KEEPALIVE = Duration.ofSeconds(10);

  private static final Map<String, LoadBalancing.Policy> STRATEGIES =
      Map.of(
          "round_robin", LoadBalancing.Policy.ROUND_ROBIN,
          "least_outstanding", LoadBalancing.Policy.LEAST_OUTSTANDING);

  private ClientSection() {}

  static ClientConfig client(Mapping client, List<String> notices) {
    Mapping timeout = client.mapping("timeout");
    return new ClientConfig(
        client.scalar("enable_tls").bool() ? tls(client, notices) : null,
        client.scalar("authentication").token(),
        client.scalar("check_period").duration(ChronoUnit.SECONDS),
        timeout.scalar("unary").duration(ChronoUnit.SECONDS),
        timeout.scalar("stream").duration(ChronoUnit.SECONDS),
        health(client, notices));
  }

  private static ClientConfig.Health health(Mapping client, List<String> notices) {
    Mapping keepalive = client.mapping("keepalive");
    Scalar time = keepalive.scalar("time");
    Duration every = time.durationOrZero(ChronoUnit.SECONDS);
    if (!every.isZero() && every.compareTo(SHORTEST_KEEPALIVE) < 0) {
      throw time.invalid("must be 10s at least, or 0 for none: gRPC pings no more often");
    }
    if (!every.isZero() && every.compareTo(ClientConfig.Health.USUAL.keepaliveTime()) < 0) {
      notices.add(
          time.location()
              + ": OAP closes connections that are pinged more often than every 5 minutes, unless"
              + " what stands between answers for it");
    }
    return new ClientConfig.Health(
        every,
        keepalive.scalar("timeout").duration(ChronoUnit.SECONDS),
        client.scalar("health_check").bool());
  }

  static LoadBalancing balancing(Mapping client) {
    String strategy = client.scalar("strategy").oneOf(STRATEGIES.keySet());
    return new LoadBalancing(STRATEGIES.get(strategy), client.scalar("zone").text());
  }

  static ClientTlsConfig tls(Mapping client, List<String> notices) {
    boolean insecure = client.scalar("insecure_skip_verify").bool();
    Scalar ca = client.scalar("ca_pem_path");
    if (!insecure && !ca.text().isEmpty() && !isFile(ca)) {
      throw ca.invalid("must be a file that can be read, or insecure_skip_verify be true");
    }
    Scalar certificate = client.scalar("client_pem_path");
    Scalar key = client.scalar("client_key_path");
    boolean both = ownCertificate(certificate, key, notices);
    return new ClientTlsConfig(
        isFile(ca) ? ca.path() : null,
        both ? certificate.path() : null,
        both ? key.path() : null,
        insecure);
  }

  /** Whether the client has a certificate of its own; the default paths may lead nowhere. */
  private static boolean ownCertificate(Scalar certificate, Scalar key, List<String> notices) {
    boolean none = certificate.text().isEmpty() && key.text().isEmpty();
    boolean asked = !none && !(certificate.isDefault() && key.isDefault());
    for (Scalar file : List.of(certificate, key)) {
      if (asked && !isFile(file)) {
        throw file.invalid("must be a file that can be read, as the client's certificate is set");
      }
    }
    if (isFile(certificate) != isFile(key)) {
      Scalar missing = isFile(certificate) ? key : certificate;
      notices.add(
          missing.location() + ": no such file, so the client has no certificate of its own");
    }
    return isFile(certificate) && isFile(key);
  }

  static boolean isFile(Scalar file) {
    Path path = file.path();
    return !file.text().isEmpty() && Files.isReadable(path) && !Files.isDirectory(path);
  }
}

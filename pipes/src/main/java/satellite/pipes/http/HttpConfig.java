package satellite.pipes.http;

import java.time.Duration;
import java.util.List;
import satellite.pipes.transport.AccessToken;

/**
 * The port for those who speak HTTP: {@code http-server}.
 *
 * @param host address to listen on, empty for all
 * @param port 0 takes a free one
 * @param token what clients must present
 * @param tls whether the server's certificate is shown here too, where it has one
 * @param maxRequestBytes longest body taken in, after decompression
 * @param maxConnections connections beyond this count are closed as they arrive
 * @param idleTimeout a connection on which nothing came for so long is closed
 * @param corsOrigins whose pages may report from a browser, as {@code https://shop.example}; {@code
 *     *} for all
 * @param zipkinPort where OAP nodes take Zipkin spans
 */
public record HttpConfig(
    String host,
    int port,
    AccessToken token,
    boolean tls,
    int maxRequestBytes,
    int maxConnections,
    Duration idleTimeout,
    List<String> corsOrigins,
    int zipkinPort) {}

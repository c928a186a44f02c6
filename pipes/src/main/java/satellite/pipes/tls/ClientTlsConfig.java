package satellite.pipes.tls;

import java.nio.file.Path;

/**
 * The files with which Satellite connects to nodes, or to Kafka brokers.
 *
 * @param ca PEM file of the certificates trusted; null for the JDK's
 * @param certificate PEM file of the client's own certificate, null for none; then {@code key} is
 *     null too
 * @param insecureSkipVerify trust any certificate
 */
public record ClientTlsConfig(Path ca, Path certificate, Path key, boolean insecureSkipVerify) {}

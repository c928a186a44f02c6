package satellite.pipes.tls;

import java.nio.file.Path;

/**
 * The files of Satellite's own servers.
 *
 * @param certificate PEM file
 * @param key PEM file
 * @param clientCa PEM file of those who sign clients' certificates, which are then asked for; null
 *     when clients need none
 */
public record ServerTlsConfig(Path certificate, Path key, Path clientCa) {}

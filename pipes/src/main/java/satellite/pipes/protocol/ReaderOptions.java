package satellite.pipes.protocol;

import java.util.List;

/**
 * What a reader has to know of the pipe that it reads for.
 *
 * @param maxBatchBytes a report that is sent as a whole is cut where it passes this
 * @param identityAttributes of OTLP resources: those that say which node they stay on; all of them
 *     where none of these is there
 * @param joinOtlpLogs several resources in one OTLP log request: only for OAP 10.3 and newer
 */
public record ReaderOptions(
    int maxBatchBytes, List<String> identityAttributes, boolean joinOtlpLogs) {}

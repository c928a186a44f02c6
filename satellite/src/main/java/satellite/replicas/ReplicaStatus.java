package satellite.replicas;

/**
 * The status of a replica, as it tells the others: {@code GET /load} on its telemetry port, whose
 * keys are the names here.
 *
 * @param id of the process, so that it knows itself when it asks
 * @param connections open ones that nobody has told to go
 * @param share how much of the limit that is nearest is used, 0..1
 * @param accepting whether it takes new connections
 * @param phaseMillis when, within its interval, it reports to OAP; see {@link ReportSchedule}
 */
public record ReplicaStatus(
    String id, int connections, double share, boolean accepting, int phaseMillis) {

  /** Whether a replica can have said so: it may have come from anybody. */
  public boolean isValid() {
    return id != null && connections >= 0 && share >= 0 && share <= 1 && phaseMillis >= 0;
  }
}

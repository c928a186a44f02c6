package satellite.admin;

import java.util.List;
import java.util.Map;
import satellite.queue.AccountTotals;

/** A status with something of everything, and names that somebody chose to do harm. */
final class StatusSamples {

  static final String HOSTILE = "<script>alert(1)</script>";

  private StatusSamples() {}

  static Status of(AdminServer.State state) {
    AccountTotals totals =
        new AccountTotals(
            21, 10, 4, 0, Map.of(), Map.of("queue_full", 5L, HOSTILE, 2L), Map.of(), 0);
    return new Status(
        new Status.Program(
            "1",
            "c",
            "s",
            HOSTILE,
            state.name().toLowerCase(java.util.Locale.ROOT),
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:01:00Z",
            60,
            3.5),
        totals,
        List.of(
            new Status.Pipe(
                HOSTILE, "receiver", "queued", 12.5, 10, 1000, 4, 400, 0.25, 1.5, 2, totals)),
        List.of(
            new Status.Node(
                HOSTILE, "grpc-client", "z", 1, 0, "down", HOSTILE, 10, 1, 1, 0, 10, null, 0)),
        List.of(new Status.Source(HOSTILE, 1, "2026-01-01T00:00:00Z", HOSTILE, "", null)),
        null,
        new Status.Connections(
            2, 4000, null, 0, 0, 0, 0, List.of(new Status.Client("127.0.0.1", 2, 50)), 0),
        new Status.Memory(400, 1000),
        null,
        "name: " + HOSTILE);
  }
}

package satellite.e2e;

import java.util.Arrays;
import org.opentest4j.TestAbortedException;

/**
 * The rule for a peer that cannot be had here: its tests are skipped loudly, and fail where the
 * environment promises that peer, {@code
 * SATELLITE_E2E_REQUIRE=oap,agent,node-agent,python-agent,envoy,kafka,kube-apiserver,jdk25,chromium}.
 */
final class RequiredPeers {

  private static final String PROMISED = "SATELLITE_E2E_REQUIRE";

  private RequiredPeers() {}

  /** Ends the test: as skipped, or as failed if the peer is promised. */
  static RuntimeException missing(String peer, String reason) {
    if (promised(peer)) {
      throw new AssertionError(PROMISED + " promises " + peer + ", but " + reason);
    }
    System.out.println("SKIPPED, no " + peer + ": " + reason);
    throw new TestAbortedException("no " + peer + ": " + reason);
  }

  private static boolean promised(String peer) {
    String promised = System.getenv().getOrDefault(PROMISED, "");
    return Arrays.stream(promised.split(",")).map(String::strip).anyMatch(peer::equals);
  }
}

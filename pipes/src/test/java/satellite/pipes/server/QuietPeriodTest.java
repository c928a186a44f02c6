package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.server.QuietPeriod.LASTING_NANOS;
import static satellite.pipes.server.QuietPeriod.QUIET_NANOS;

import org.junit.jupiter.api.Test;

/**
 * When a stream may be ended: nothing came for a while, nothing is half there, and it is no new
 * one.
 */
class QuietPeriodTest {

  private static final long OPENED = -7;

  private final InboundMessageTracer tracer = new InboundMessageTracer();
  private final QuietPeriod quiet = new QuietPeriod(tracer, OPENED);

  @Test
  void aStreamThatWasJustOpenedIsNotQuiet() {
    assertFalse(quiet.isAt(OPENED + LASTING_NANOS - 1));
    assertTrue(quiet.isAt(OPENED + LASTING_NANOS));
  }

  @Test
  void norIsOneWithAMessageALittleWhileAgo() {
    long message = OPENED + 2 * LASTING_NANOS;
    quiet.messageAt(message);
    assertFalse(quiet.isAt(message + QUIET_NANOS - 1));
    assertTrue(quiet.isAt(message + QUIET_NANOS));
  }

  @Test
  void norOneWithAPartOfAMessage() {
    long later = OPENED + 2 * LASTING_NANOS;
    tracer.inboundMessage(0);
    assertFalse(quiet.isAt(later));
    tracer.inboundMessageRead(0, 10, 10);
    assertTrue(quiet.isAt(later));
  }
}

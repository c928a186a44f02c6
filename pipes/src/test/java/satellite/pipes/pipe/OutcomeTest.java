package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.Status.Code;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an answer says of the batch: taken, try again, or no use. */
class OutcomeTest {

  private static final int SMALL = 1000;
  private static final int LARGE = (4 << 20) + 1;

  private static String kind(Status status, int largest) {
    Outcome outcome = Outcome.of(status, largest);
    if (outcome instanceof Outcome.Refused refused) {
      return refused.whole() ? "refused as a whole" : "refused";
    }
    return outcome instanceof Outcome.Delivered ? "delivered" : "unreached";
  }

  @Test
  void everyCodeHasItsMeaning() {
    Map<Code, String> expected = new EnumMap<>(Code.class);
    expected.put(Code.OK, "delivered");
    expected.put(Code.CANCELLED, "unreached");
    expected.put(Code.UNKNOWN, "refused");
    expected.put(Code.INVALID_ARGUMENT, "refused");
    expected.put(Code.DEADLINE_EXCEEDED, "unreached");
    expected.put(Code.NOT_FOUND, "refused");
    expected.put(Code.ALREADY_EXISTS, "refused");
    expected.put(Code.PERMISSION_DENIED, "unreached");
    expected.put(Code.RESOURCE_EXHAUSTED, "unreached");
    expected.put(Code.FAILED_PRECONDITION, "refused");
    expected.put(Code.ABORTED, "unreached");
    expected.put(Code.OUT_OF_RANGE, "refused");
    expected.put(Code.UNIMPLEMENTED, "refused as a whole");
    expected.put(Code.INTERNAL, "refused");
    expected.put(Code.UNAVAILABLE, "unreached");
    expected.put(Code.DATA_LOSS, "refused");
    expected.put(Code.UNAUTHENTICATED, "unreached");
    Map<Code, String> actual = new EnumMap<>(Code.class);
    for (Code code : Code.values()) {
      actual.put(code, kind(code.toStatus(), SMALL));
    }
    assertEquals(expected, actual);
  }

  @Test
  void overloadPasses() {
    Status overload = Status.RESOURCE_EXHAUSTED.withDescription("Watermark exceeded");
    assertEquals("unreached", kind(overload, SMALL));
    assertEquals("unreached", kind(overload, LARGE));
  }

  @Test
  void aMessageOverTheLimitOfOap104DoesNotPass() {
    Status size =
        Status.RESOURCE_EXHAUSTED.withDescription("gRPC message exceeds maximum size 10: 11");
    assertEquals("refused", kind(size, SMALL));
    assertEquals("too_large", ((Outcome.Refused) Outcome.of(size, SMALL)).reason());
  }

  @Test
  void aMessageOverTheLimitOfOap101IsToldFromADyingConnectionByItsSize() {
    Status reset = Status.CANCELLED.withDescription("RST_STREAM closed stream");
    assertEquals("unreached", kind(reset, SMALL));
    assertEquals("unreached", kind(reset, Outcome.COMMON_MESSAGE_LIMIT));
    assertEquals("refused", kind(reset, LARGE));
    assertEquals("too_large", ((Outcome.Refused) Outcome.of(reset, LARGE)).reason());
  }

  @Test
  void undecodableBytesAndThrowingHandlersAreTheBatchsFault() {
    Status error = Status.UNKNOWN.withDescription("Application error processing RPC");
    assertEquals("refused", kind(error, SMALL));
  }

  @Test
  void theReasonIsTheCodeAndTheDetailWhatTheNodeSaid() {
    var refused =
        (Outcome.Refused) Outcome.of(Status.INVALID_ARGUMENT.withDescription("no layer"), SMALL);
    assertEquals("invalid_argument", refused.reason());
    assertEquals("no layer", refused.detail());
    var unreached = assertInstanceOf(Outcome.Unreached.class, Outcome.of(Status.UNAVAILABLE, 0));
    assertEquals("unavailable", unreached.reason());
    assertEquals("null", unreached.detail());
    assertFalse(unreached.overload());
  }

  @Test
  void aNodeThatHasTooMuchSaysSo() {
    var unreached =
        assertInstanceOf(Outcome.Unreached.class, Outcome.of(Status.RESOURCE_EXHAUSTED, SMALL));
    assertTrue(unreached.overload());
  }
}

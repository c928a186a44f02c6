package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a sender is told, and whether it should send the same again. */
class DeliveryFailureTest {

  @ParameterizedTest
  @EnumSource
  void aNodesRefusalIsPassedOnAsItIs(Status.Code code) {
    if (Outcome.of(code.toStatus(), 0) instanceof Outcome.Refused refused) {
      DeliveryFailure failure = new DeliveryFailure(refused.reason(), "why");
      assertEquals(code, failure.status("pipe a").getCode());
      assertTrue(failure.isFinal());
      assertEquals(
          "pipe a: " + code.name().toLowerCase(Locale.ROOT) + ": why",
          failure.status("pipe a").getDescription());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "disk, UNAVAILABLE",
    "shutdown, UNAVAILABLE",
    "expired, UNAVAILABLE",
    "attempts_exhausted_unavailable, UNAVAILABLE",
    "queue_full, RESOURCE_EXHAUSTED"
  })
  void whatIsSatellitesOwnMayBeSentAgain(String reason, Status.Code code) {
    DeliveryFailure failure = new DeliveryFailure(reason, "why");
    assertEquals(code, failure.status("pipe a").getCode());
    assertFalse(failure.isFinal());
  }

  @ParameterizedTest
  @CsvSource({
    "too_large, RESOURCE_EXHAUSTED",
    "malformed, INVALID_ARGUMENT",
    "invalid_record, INVALID_ARGUMENT",
    "invalid_topic, INVALID_ARGUMENT"
  })
  void whatKafkaOrItsSizeRulesOutIsFinal(String reason, Status.Code code) {
    DeliveryFailure failure = new DeliveryFailure(reason, "why");
    assertEquals(code, failure.status("pipe a").getCode());
    assertTrue(failure.isFinal());
  }

  @Test
  void theFirstFailureIsToldWhenAllIsOver() {
    List<DeliveryFailure> told = new ArrayList<>();
    PendingReceipts awaited = new PendingReceipts(told::add);
    var one = awaited.oneMore();
    one.acknowledged();
    assertEquals(List.of(), told, "more may come");
    var two = awaited.oneMore();
    var three = awaited.oneMore();
    two.failed("disk", "first");
    three.failed("expired", "second");
    assertEquals(List.of(), told);
    awaited.sentAll();
    assertEquals(List.of(new DeliveryFailure("disk", "first")), told);
  }
}

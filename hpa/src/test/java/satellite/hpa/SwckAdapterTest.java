package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SwckAdapterTest {

  private final SwckAdapter adapter = new SwckAdapter(25);

  @Test
  void theMeanIsCutToAWholeNumber() {
    minute(0, 11, 0);
    assertEquals(5, adapter.value(100));
  }

  @Test
  void onlyTheMinuteBeforeIsRead() {
    minute(0, 4);
    minute(60, 8);
    minute(120, 100);
    assertEquals(4, adapter.value(119));
    assertEquals(8, adapter.value(145));
    assertEquals(8, adapter.value(179));
  }

  @Test
  void whatIsNotThereIsZero() {
    assertEquals(0, adapter.value(100));
    minute(60, 7);
    assertEquals(0, adapter.value(100));
    assertEquals(7, adapter.value(145));
    assertEquals(0, adapter.value(200));
  }

  @Test
  void aMinuteThatIsWrittenInPartIsTheMeanOfThatPart() {
    for (int second = 0; second < 60; second += 10) {
      adapter.report(second, second); // written: up to second 50
    }
    adapter.report(55, 1000);
    assertEquals(25, adapter.value(60));
    assertEquals((150 + 1000) / 7, adapter.value(75));
  }

  @Test
  void whatADeadReplicaHasReportedStaysInItsMinute() {
    for (int second = 0; second < 60; second += 10) {
      adapter.report(second, 3);
      if (second < 30) {
        adapter.report(second, 9);
      }
    }
    assertEquals((6 * 3 + 3 * 9) / 9, adapter.value(100));
  }

  @Test
  void aChangeIsVisibleAfterOneHundredAndFortyFiveSecondsAtTheLatest() {
    SwckAdapter late = new SwckAdapter(25);
    for (int second = 0; second < 300; second++) {
      late.report(second, second < 61 ? 0 : 10);
    }
    assertEquals(9, late.value(179)); // the minute of the change has both
    assertEquals(10, late.value(180));
    for (int changes = 0; changes < 300; changes++) {
      SwckAdapter each = new SwckAdapter(25);
      int last = 0;
      for (int second = 0; second < 600; second++) {
        each.report(second, second < changes ? 0 : 10);
        last = second > 120 && each.value(second) != 10 ? second : last;
      }
      assertEquals(true, last - changes < 145, "changes at " + changes + ", last wrong at " + last);
    }
  }

  @Test
  void aNameIsJoinedFromStringsAndBytes() {
    assertEquals("shop", SwckAdapter.argument("service", Map.of("service", "shop")));
    assertEquals(
        "größe x",
        SwckAdapter.argument(
            "service",
            Map.of(
                "service.str.0", "gr",
                "service.byte.1", "c3",
                "service.byte.2", "b6",
                "service.str.3", "ße",
                "service.byte.4", "20",
                "service.str.5", "x",
                "instance.str.0", "other")));
  }

  private void minute(long begin, long... instances) {
    for (int second = 0; second < 60; second += SwckAdapter.REPORT_SECONDS) {
      for (long value : instances) {
        adapter.report(begin + second, value);
      }
    }
  }
}

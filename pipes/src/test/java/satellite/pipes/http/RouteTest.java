package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;

/** The table of paths. */
class RouteTest {

  private static final List<Route> TABLE = Route.TABLE;

  @ParameterizedTest
  @FieldSource("TABLE")
  void theMessageIsDescribed(Route route) {
    assertNotNull(route.json());
  }

  @ParameterizedTest
  @FieldSource("TABLE")
  void itsMethodIsQueued(Route route) {
    assertEquals(Protocol.Mode.ASYNCHRONOUS, Protocols.of(route.method()).mode());
  }

  @Test
  void noPathIsThereTwice() {
    assertEquals(TABLE.size(), new HashSet<>(TABLE.stream().map(Route::path).toList()).size());
  }
}

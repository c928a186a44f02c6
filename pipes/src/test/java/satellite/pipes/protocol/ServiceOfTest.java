package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import satellite.pipes.json.MessageTypes;

/** The service that quotas ask for, in every row of the table. */
class ServiceOfTest {

  /** What methods that came after 10.1 take, where that is published. */
  private static final Map<String, String> LATER =
      Map.of(
          "collectWebVitalsPerfData", "BrowserWebVitalsPerfData",
          "collectResourcePerfData", "BrowserResourcePerfData",
          "collectWebInteractionsPerfData", "BrowserWebInteractionsPerfData");

  private static Message empty(String method) {
    String later = LATER.get(method.substring(method.lastIndexOf('/') + 1));
    return later == null
        ? Generated.request(method)
        : DynamicMessage.getDefaultInstance(MessageTypes.named("skywalking.v3." + later));
  }

  static Stream<String> methods() {
    return Protocols.TABLE.stream().map(Protocol::method);
  }

  /** With the field at the path, which must be the service. */
  private static Message withService(Message message, List<Integer> path) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByNumber(path.get(0));
    Message.Builder builder = message.toBuilder();
    if (path.size() == 1) {
      boolean isEnvoy = message.getDescriptorForType().getName().equals("Node");
      assertEquals(isEnvoy ? "cluster" : "service", field.getName());
      return builder.setField(field, "shop").build();
    }
    Message nested =
        withService(builder.newBuilderForField(field).buildPartial(), path.subList(1, path.size()));
    return field.isRepeated()
        ? builder.addRepeatedField(field, nested).build()
        : builder.setField(field, nested).build();
  }

  /** With the field of that name at its top, if it has one. */
  private static Message withService(Message message) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName("service");
    return field == null ? message : message.toBuilder().setField(field, "shop").build();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void itIsReadWhereTheRowSaysAndNowhereElse(String method) {
    Protocol row = Protocols.of(method);
    Message empty = empty(method);
    assertNull(row.serviceOf(empty.toByteArray()));
    if (row.service().isEmpty()) {
      assertNull(row.serviceOf(withService(empty).toByteArray()));
      return;
    }
    assertEquals("shop", row.serviceOf(withService(empty, row.service()).toByteArray()));
    assertNull(row.serviceOf(new byte[] {1, 2, 3}));
  }

  /** Three kinds of browser data named theirs, and no quota counted it. */
  @ParameterizedTest
  @MethodSource("methods")
  void aQueuedMessageThatNamesItsServiceAtItsTopIsCountedForIt(String method) {
    Protocol row = Protocols.of(method);
    Message empty = empty(method);
    FieldDescriptor field = empty.getDescriptorForType().findFieldByName("service");
    if (row.mode() == Protocol.Mode.ASYNCHRONOUS && field != null) {
      assertEquals(List.of(field.getNumber()), row.service());
    }
  }
}

package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** OTLP requests are cut by resource where OAP needs it, and joined again. */
class OtlpTest {

  private static final String METRICS =
      "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  private static final String LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  private static final String TRACES =
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

  private static Resource resource(String... attributes) {
    Resource.Builder resource = Resource.newBuilder();
    for (int i = 0; i < attributes.length; i += 2) {
      KeyValue.Builder attribute = KeyValue.newBuilder().setKey(attributes[i]);
      attribute.getValueBuilder().setStringValue(attributes[i + 1]);
      resource.addAttributes(attribute);
    }
    return resource.build();
  }

  private static Message metrics(Resource... resources) {
    ExportMetricsServiceRequest.Builder request = ExportMetricsServiceRequest.newBuilder();
    for (Resource resource : resources) {
      request.addResourceMetrics(ResourceMetrics.newBuilder().setResource(resource));
    }
    return request.build();
  }

  private static Message logs(Resource... resources) {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    for (Resource resource : resources) {
      request.addResourceLogs(ResourceLogs.newBuilder().setResource(resource));
    }
    return request.build();
  }

  /** The routing attributes are host.name and service.name, in this order. */
  private static String key(Resource resource) {
    Map<String, String> values = new HashMap<>();
    StringBuilder all = new StringBuilder();
    for (KeyValue attribute : resource.getAttributesList()) {
      values.put(attribute.getKey(), attribute.getValue().getStringValue());
      all.append(attribute.getKey()).append('=').append(attribute.getValue().getStringValue());
      all.append('\0');
    }
    if (!values.containsKey("host.name") && !values.containsKey("service.name")) {
      return all.toString();
    }
    return values.getOrDefault("host.name", "")
        + "\0"
        + values.getOrDefault("service.name", "")
        + "\0";
  }

  @Test
  void everyResourceGoesToTheNodeOfItsAttributes() {
    Rounds.each(
        METRICS,
        round -> {
          for (Relay.Call call : round.calls()) {
            for (Object fact : OapView.facts(METRICS, call.messages())) {
              String key = key(((ResourceMetrics) fact).getResource());
              assertEquals(Relay.nodeOf(key), call.node());
            }
          }
        });
  }

  @Test
  void aRequestIsCutWhereTheKeyChangesAndJoinedPerNode() {
    Relay relay = new Relay(Relay.pipe());
    Resource a = resource("service.name", "a");
    Resource b = resource("service.name", "b");
    relay.open(METRICS).send(metrics(a, a, b, a)).send(metrics(b, b));
    List<Relay.Call> calls = relay.finish();
    int resources = 0;
    for (Relay.Call call : calls) {
      resources += OapView.facts(METRICS, call.messages()).size();
    }
    assertEquals(6, resources);
    assertEquals(
        calls.size(), calls.stream().map(Relay.Call::node).distinct().count(), "a call per node");
  }

  @Test
  void metricsWithoutAnyAttributeHaveANodeToo() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(METRICS).send(metrics(resource(), resource("telemetry.sdk", "x")));
    relay.open(METRICS).send(new byte[] {0x0A, 0x00});
    List<Object> facts = new ArrayList<>();
    relay.finish().forEach(call -> facts.addAll(OapView.facts(METRICS, call.messages())));
    assertEquals(3, facts.size());
  }

  /** FieldCursor that a later protocol may bring stand before, between and behind the resources. */
  @Test
  void fieldsThatNobodyKnowsDoNotDisturbTheResources() {
    byte[] unknown = FieldCursor.string(99, "of a later version");
    byte[] request = metrics(resource("service.name", "a")).toByteArray();
    byte[] twice = FieldCursor.concat(unknown, unknown);
    byte[] mixed =
        FieldCursor.concat(
            FieldCursor.concat(twice, request), FieldCursor.concat(unknown, request));
    Relay relay = new Relay(Relay.pipe());
    relay.open(METRICS).send(mixed).send(unknown).send(twice).send(new byte[0]);
    List<Object> facts = new ArrayList<>();
    relay.finish().forEach(call -> facts.addAll(OapView.facts(METRICS, call.messages())));
    assertEquals(2, facts.size());
  }

  @Test
  void aRequestToAnOldOapHasOneResourceLogsAndThatHasAServiceName() {
    Rounds.each(
        LOGS,
        round -> {
          for (Relay.Call call : round.calls()) {
            for (Object logs : OapView.facts(LOGS, call.messages())) {
              assertTrue(OapView.hasServiceName((ResourceLogs) logs));
            }
          }
        });
    Relay relay = new Relay(new Random(3), Relay.pipe());
    Resource named = resource("service.name", "a");
    relay
        .open(LOGS)
        .send(logs(named, resource(), named, resource("service.name", "")))
        .send(logs(named, resource("other", "x")))
        .send(logs());
    List<byte[]> upstream = relay.messages();
    assertEquals(3, upstream.size());
    upstream.forEach(m -> assertArrayEquals(logs(named).toByteArray(), m));
    assertEquals(3, relay.discarded().size());
  }

  @Test
  void aRequestToANewOapHasManyResourceLogs() throws InvalidProtocolBufferException {
    Relay relay = new Relay(Relay.pipe(500, 1 << 22, true));
    Resource named = resource("service.name", "a");
    relay.open(LOGS).send(logs(named, resource(), named)).send(logs(named));
    List<byte[]> upstream = relay.messages();
    assertEquals(1, upstream.size());
    assertEquals(3, ExportLogsServiceRequest.parseFrom(upstream.get(0)).getResourceLogsCount());
  }

  @Test
  void aServiceNameThatIsNoStringDoesNotCount() {
    KeyValue.Builder number = KeyValue.newBuilder().setKey("service.name");
    number.getValueBuilder().setIntValue(1);
    Relay relay = new Relay(Relay.pipe());
    relay.open(LOGS).send(logs(Resource.newBuilder().addAttributes(number).build()));
    assertEquals(List.of(), relay.finish());
    assertEquals(List.of("no_service_name"), relay.discarded());
  }

  @Test
  void tracesOfAllClientsAreJoinedInTheirOrder() throws InvalidProtocolBufferException {
    Relay relay = new Relay(Relay.pipe());
    RandomMessages messages = new RandomMessages(new Random(5));
    List<ResourceSpans> sent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      var request = messages.like(ExportTraceServiceRequest.getDefaultInstance());
      sent.addAll(request.getResourceSpansList());
      relay.open(TRACES).send(request);
    }
    List<byte[]> upstream = relay.messages();
    assertEquals(1, upstream.size());
    assertEquals(sent, ExportTraceServiceRequest.parseFrom(upstream.get(0)).getResourceSpansList());
  }
}

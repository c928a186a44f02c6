package satellite.helm;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That {@link Types} finds what it is there for. */
class TypesTest {

  private static final String SERVICE =
      """
      apiVersion: v1
      kind: Service
      metadata: { name: gate, labels: { app: gate } }
      spec:
        clusterIP: None
        ports: [{ name: grpc, port: 11800, targetPort: grpc }]
      """;

  @Test
  void aSoundObjectHasNoFault() {
    assertNull(fault(SERVICE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "clusterIP:   | clusterIp:   | clusterIp",
        "port: 11800  | prot: 11800  | prot",
        "metadata:    | metaData:    | metaData",
        "port: 11800  | port: '11800' | port",
        "app: gate    | app: 1       | app",
        "app: gate    | app: true    | app",
        "clusterIP: None | clusterIP: 3.5 | clusterIP",
        "kind: Service | kind: Servise | Servise",
      })
  void aMisspeltFieldAndAScalarOfAnotherTypeAreFaults(String right, String wrong, String named) {
    String fault = fault(SERVICE.replace(right, wrong));
    assertTrue(fault != null && fault.contains(named), "" + fault);
  }

  private static String fault(String yaml) {
    Map<String, Object> object = Yaml.objects(yaml).get(0);
    return Types.fault(object);
  }
}

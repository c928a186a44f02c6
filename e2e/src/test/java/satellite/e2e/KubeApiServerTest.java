package satellite.e2e;

import org.junit.jupiter.api.Test;

class KubeApiServerTest {
  @Test
  void t() throws Exception {
    long t = System.nanoTime();
    try (KubeApiServer k = KubeApiServer.start()) {
      System.out.println("START " + (System.nanoTime() - t) / 1e9);
      KubeNamespace n = k.namespace("one");
      String user = n.account("satellite");
      n.allow(user, "{apiGroups: [''], resources: [pods], verbs: [get]}");
      n.allow(user, "{apiGroups: [''], resources: [pods], verbs: [get, list, watch]}");
      System.out.println(n.token("satellite").length());
      n.pod("a", "{app: oap}", "127.0.0.2", 11800);
      n.ready("a", "127.0.0.2", false);
      n.delete("a");
      n.service("a", "{app: oap}", 11800);
      n.endpoints("a", "{app: oap}", "203.0.113.1", 11800);
      n.endpointSlice("a", "{app: oap}", "127.0.0.2", 11800);
      n.deleteAccount("satellite");
      n.end("a");
      t = System.nanoTime();
      k.kill();
      k.startAgain();
      System.out.println("AGAIN " + (System.nanoTime() - t) / 1e9);
    }
    System.out.println("END " + (System.nanoTime() - t) / 1e9);
  }
}

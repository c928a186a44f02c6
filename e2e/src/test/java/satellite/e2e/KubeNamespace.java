package satellite.e2e;

import java.io.IOException;
import java.util.Map;

/**
 * A namespace of a {@link KubeApiServer}, and what a user, a kubelet or a controller writes into
 * it. Labels, rules and ports are YAML.
 */
final class KubeNamespace {

  private final KubeApiServer kubernetes;
  private final String name;

  KubeNamespace(KubeApiServer kubernetes, String name) {
    this.kubernetes = kubernetes;
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Runs and is Ready, with a container port named {@code grpc}. */
  void pod(String pod, String labels, String address, int port)
      throws IOException, InterruptedException {
    kubernetes.apply(
        core("pods", pod),
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: NAME, labels: LABELS}
        spec:
          # On a machine: else it would be gone as soon as somebody deletes it.
          nodeName: machine
          containers: [{name: oap, image: oap, ports: [{name: grpc, containerPort: PORT}]}]
        """
            .replace("NAME", pod)
            .replace("LABELS", labels)
            .replace("PORT", "" + port));
    ready(pod, address, true);
  }

  /** As its kubelet says. */
  void ready(String pod, String address, boolean ready) throws IOException, InterruptedException {
    kubernetes.apply(
        core("pods", pod) + "/status",
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: NAME}
        status:
          phase: Running
          podIP: ADDRESS
          podIPs: [{ip: ADDRESS}]
          conditions: [{type: Ready, status: "READY"}]
        """
            .replace("NAME", pod)
            .replace("ADDRESS", address)
            .replace("READY", ready ? "True" : "False"));
  }

  /** From now on it is terminating; {@link #end} is the end of it. */
  void delete(String pod) throws IOException, InterruptedException {
    kubernetes.delete(core("pods", pod));
  }

  /** Nothing is left of it. */
  void end(String pod) throws IOException, InterruptedException {
    kubernetes.delete(core("pods", pod) + "?gracePeriodSeconds=0");
  }

  void service(String service, String labels, int port) throws IOException, InterruptedException {
    kubernetes.apply(
        core("services", service),
        """
        apiVersion: v1
        kind: Service
        metadata: {name: NAME, labels: LABELS}
        spec: {ports: [{name: grpc, port: PORT}]}
        """
            .replace("NAME", service)
            .replace("LABELS", labels)
            .replace("PORT", "" + port));
  }

  /** The API server takes no loopback address here. */
  void endpoints(String service, String labels, String address, int port)
      throws IOException, InterruptedException {
    kubernetes.apply(
        core("endpoints", service),
        """
        apiVersion: v1
        kind: Endpoints
        metadata: {name: NAME, labels: LABELS}
        subsets: [{addresses: [{ip: ADDRESS}], ports: [{name: grpc, port: PORT}]}]
        """
            .replace("NAME", service)
            .replace("LABELS", labels)
            .replace("ADDRESS", address)
            .replace("PORT", "" + port));
  }

  /** The API server takes a loopback address as the name of a host. */
  void endpointSlice(String slice, String labels, String host, int port)
      throws IOException, InterruptedException {
    kubernetes.apply(
        in("/apis/discovery.k8s.io/v1", "endpointslices", slice),
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: NAME, labels: LABELS}
        addressType: FQDN
        endpoints: [{addresses: [HOST], conditions: {ready: true}}]
        ports: [{name: grpc, port: PORT}]
        """
            .replace("NAME", slice)
            .replace("LABELS", labels)
            .replace("HOST", host)
            .replace("PORT", "" + port));
  }

  /** Makes a service account; returns the name that roles know it by, in all namespaces. */
  String account(String account) throws IOException, InterruptedException {
    kubernetes.apply(
        core("serviceaccounts", account),
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: NAME}}".replace("NAME", account));
    return "system:serviceaccount:" + name + ":" + account;
  }

  /** All its tokens are void, at the latest ten seconds later. */
  void deleteAccount(String account) throws IOException, InterruptedException {
    kubernetes.delete(core("serviceaccounts", account));
  }

  /** A token of that account. */
  String token(String account) throws IOException, InterruptedException {
    Map<String, Object> answer =
        kubernetes.post(
            core("serviceaccounts", account) + "/token",
            "{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {}}");
    return ((Map<?, ?>) answer.get("status")).get("token").toString();
  }

  /**
   * Gives it these rights here, and takes away those it had.
   *
   * @param user see {@link #account}
   */
  void allow(String user, String... rules) throws IOException, InterruptedException {
    String rbac = "/apis/rbac.authorization.k8s.io/v1";
    kubernetes.apply(
        in(rbac, "roles", "satellite"),
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: satellite}
        rules: [RULES]
        """
            .replace("RULES", String.join(", ", rules)));
    kubernetes.apply(
        in(rbac, "rolebindings", "satellite"),
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: satellite}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: satellite}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "USER"}]
        """
            .replace("USER", user));
  }

  private String core(String resource, String object) {
    return in("/api/v1", resource, object);
  }

  private String in(String group, String resource, String object) {
    return group + "/namespaces/" + name + "/" + resource + "/" + object;
  }
}

package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointPort;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import satellite.discovery.Node;

/**
 * Extracts nodes from an object of the API server: which of them can be used, and on which port.
 */
final class NodeExtractor {

  private static final String ZONE = "topology.kubernetes.io/zone";
  private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

  private final String port;
  private final boolean onlyReady;

  NodeExtractor(String port, boolean onlyReady) {
    this.port = port;
    this.onlyReady = onlyReady;
  }

  ExtractedNodes pod(Pod pod) {
    String name = "pod " + pod.getMetadata().getName();
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      return ExtractedNodes.leftOut(name + " is terminating");
    }
    String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    if (ENDED.contains(String.valueOf(phase))) {
      return ExtractedNodes.leftOut(name + " has ended (" + phase + ")");
    }
    String address = pod.getStatus() == null ? null : pod.getStatus().getPodIP();
    if (address == null || address.isEmpty()) {
      return ExtractedNodes.leftOut(name + " has no address yet");
    }
    // Of a Job with the same labels, for instance, which is ready while it runs.
    Optional<Integer> number =
        match(ports(pod), ContainerPort::getContainerPort, ContainerPort::getName);
    if (number.isEmpty()) {
      return ExtractedNodes.leftOut(name + " declares no container port " + port);
    }
    if (onlyReady && !isReady(pod)) {
      return ExtractedNodes.leftOut(name + " is not Ready");
    }
    var labels = pod.getMetadata().getLabels();
    String zone = labels == null ? "" : labels.getOrDefault(ZONE, "");
    return ExtractedNodes.of(List.of(new Node(address, number.get()).withZone(zone)));
  }

  private static Stream<ContainerPort> ports(Pod pod) {
    Stream<Container> sidecars =
        pod.getSpec().getInitContainers().stream()
            .filter(container -> "Always".equals(container.getRestartPolicy()));
    return Stream.concat(pod.getSpec().getContainers().stream(), sidecars)
        .flatMap(container -> container.getPorts().stream());
  }

  private static boolean isReady(Pod pod) {
    return pod.getStatus().getConditions().stream()
        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
  }

  /** By its name in the cluster's DNS. */
  ExtractedNodes service(Service service) {
    String name = service.getMetadata().getName();
    String namespace = service.getMetadata().getNamespace();
    if (service.getMetadata().getDeletionTimestamp() != null) {
      return ExtractedNodes.leftOut("service " + name + " is terminating");
    }
    return match(service.getSpec().getPorts().stream(), ServicePort::getPort, ServicePort::getName)
        .map(
            number -> ExtractedNodes.of(List.of(new Node(name + "." + namespace + ".svc", number))))
        .orElseGet(() -> ExtractedNodes.leftOut("service " + name + " has no port " + port));
  }

  ExtractedNodes endpoints(Endpoints endpoints) {
    List<Node> nodes = new ArrayList<>();
    String leftOut = "";
    for (EndpointSubset subset : endpoints.getSubsets()) {
      Optional<Integer> number =
          match(subset.getPorts().stream(), EndpointPort::getPort, EndpointPort::getName);
      if (number.isEmpty()) {
        leftOut = "endpoints " + endpoints.getMetadata().getName() + " have no port " + port;
        continue;
      }
      List<EndpointAddress> addresses = new ArrayList<>(subset.getAddresses());
      if (!onlyReady) {
        addresses.addAll(subset.getNotReadyAddresses());
      }
      addresses.forEach(address -> nodes.add(new Node(address.getIp(), number.get())));
    }
    return new ExtractedNodes(nodes, leftOut);
  }

  ExtractedNodes endpointSlice(EndpointSlice slice) {
    String name = "endpointslice " + slice.getMetadata().getName();
    var ports =
        slice.getPorts() == null
            ? Stream.<io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort>empty()
            : slice.getPorts().stream();
    Optional<Integer> number =
        match(
            ports,
            io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort::getPort,
            io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort::getName);
    if (number.isEmpty()) {
      return ExtractedNodes.leftOut(name + " has no port " + port);
    }
    List<Node> nodes = new ArrayList<>();
    for (Endpoint endpoint : slice.getEndpoints()) {
      if (isUsable(endpoint.getConditions())) {
        String zone = Objects.requireNonNullElse(endpoint.getZone(), "");
        // The addresses of one endpoint are the same place.
        endpoint.getAddresses().stream()
            .findFirst()
            .ifPresent(address -> nodes.add(new Node(address, number.get()).withZone(zone)));
      }
    }
    return ExtractedNodes.of(nodes);
  }

  /** What is not said counts as ready, and as not terminating. */
  private boolean isUsable(EndpointConditions conditions) {
    if (conditions == null) {
      return true;
    }
    boolean ready = !Boolean.FALSE.equals(conditions.getReady());
    return !Boolean.TRUE.equals(conditions.getTerminating()) && (ready || !onlyReady);
  }

  private <P> Optional<Integer> match(
      Stream<P> ports, Function<P, Integer> number, Function<P, String> name) {
    return ports
        .filter(
            one -> port.equals(name.apply(one)) || port.equals(String.valueOf(number.apply(one))))
        .map(number)
        .findFirst();
  }
}

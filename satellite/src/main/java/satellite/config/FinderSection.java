package satellite.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import satellite.discovery.DnsConfig;
import satellite.discovery.DnsQuery;
import satellite.discovery.Node;
import satellite.discovery.NodeText;
import satellite.discovery.kubernetes.KubernetesConfig;

/** Reads how the nodes are found: {@code finder_type} of the {@code grpc-client}, and its keys. */
final class FinderSection {

  private static final Set<String> TYPES = Set.of("static", "file", "dns", "kubernetes");

  private static final String NONE = "none";

  private static final Set<String> TYPES_OR_NONE =
      Set.of(NONE, "static", "file", "dns", "kubernetes");

  private static final Map<String, KubernetesConfig.Kind> KINDS =
      Map.of(
          "pod", KubernetesConfig.Kind.POD,
          "service", KubernetesConfig.Kind.SERVICE,
          "endpoints", KubernetesConfig.Kind.ENDPOINTS,
          "endpointslice", KubernetesConfig.Kind.ENDPOINTSLICE);

  private static final int DNS_PORT = 53;

  private FinderSection() {}

  /** Where the upstream nodes are. */
  static FinderConfig finders(Mapping client) {
    Scalar type = client.scalar("finder_type");
    List<String> types = type.commaList();
    types.forEach(one -> AllowedValues.check(type, one, TYPES));
    if (types.isEmpty()) {
      throw type.error("needs at least one finder" + AllowedValues.list(TYPES));
    }
    return finders(types, client, client);
  }

  /** Where the other replicas are; null where nobody looks for them. */
  static FinderConfig finders(Mapping replicas, Mapping client) {
    Scalar type = replicas.scalar("finder_type");
    List<String> types = type.commaList();
    if (types.isEmpty() || types.equals(List.of(NONE))) {
      return null;
    }
    types.forEach(one -> AllowedValues.check(type, one, TYPES_OR_NONE));
    if (types.contains(NONE)) {
      throw type.error("none stands alone: leave it out, or the others");
    }
    return finders(types, replicas, client);
  }

  /**
   * @param client whose access to Kubernetes is used
   */
  private static FinderConfig finders(List<String> types, Mapping whom, Mapping client) {
    return new FinderConfig(
        types.contains("static") ? nodes(whom.scalar("server_addr")) : List.of(),
        types.contains("file") ? file(whom.scalar("server_file")) : null,
        types.contains("dns") ? dns(whom.mapping("dns")) : null,
        types.contains("kubernetes")
            ? kubernetes(whom.mapping("kubernetes_config"), client.mapping("kubernetes_config"))
            : null);
  }

  private static List<Node> nodes(Scalar list) {
    var nodes = new ArrayList<Node>();
    for (String entry : list.commaList()) {
      Node node;
      try {
        node = NodeText.parse(entry);
      } catch (IllegalArgumentException e) {
        throw list.error(e.getMessage());
      }
      for (Node other : nodes) {
        if (other.sameAddress(node) && other.weight() != node.weight()) {
          throw list.error(node + " is listed with different weights");
        }
      }
      nodes.add(node);
    }
    if (nodes.isEmpty()) {
      throw list.error("needs at least one host:port");
    }
    return nodes.stream().distinct().toList();
  }

  /** It may come later. */
  private static Path file(Scalar file) {
    if (file.text().isBlank()) {
      throw file.error("finder_type file needs the path of a file");
    }
    return file.path();
  }

  private static DnsConfig dns(Mapping dns) {
    Scalar names = dns.scalar("names");
    List<DnsQuery> queries = new ArrayList<>();
    for (String name : names.commaList()) {
      try {
        queries.add(DnsQuery.parse(name));
      } catch (IllegalArgumentException e) {
        throw names.error(e.getMessage());
      }
    }
    if (queries.isEmpty()) {
      throw names.error("finder_type dns needs at least one host:port or name of SRV records");
    }
    List<InetSocketAddress> servers = new ArrayList<>();
    Scalar list = dns.scalar("servers");
    for (String server : list.commaList()) {
      servers.add(dnsServer(list, server));
    }
    return new DnsConfig(queries, servers, DnsConfig.MIN_TTL, DnsConfig.MAX_TTL);
  }

  /** An address, with a port if it is not the usual one; names would need DNS. */
  private static InetSocketAddress dnsServer(Scalar list, String text) {
    boolean hasPort = text.startsWith("[") || text.indexOf(':') == text.lastIndexOf(':');
    boolean noPort = text.indexOf(':') < 0;
    Address address = hasPort && !noPort ? Address.parse(list, text) : new Address(text, DNS_PORT);
    if (!address.host().matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
      throw list.error(text + " must be an IP address, with :port unless that is " + DNS_PORT);
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
    } catch (UnknownHostException e) {
      throw list.error(text + " must be an IP address, with :port unless that is " + DNS_PORT);
    }
  }

  /**
   * @param what is looked for
   * @param kubernetes how the API server is spoken to
   */
  private static KubernetesConfig kubernetes(Mapping what, Mapping kubernetes) {
    Mapping selector = what.mapping("selector");
    Mapping tls = kubernetes.mapping("tls_config");
    if (tls.scalar("cert_file").text().isEmpty() != tls.scalar("key_file").text().isEmpty()) {
      throw tls.error("a client's certificate needs both cert_file and key_file");
    }
    return new KubernetesConfig(
        url(kubernetes.scalar("api_server")),
        basicAuth(kubernetes),
        kubernetes.scalar("bearer_token").token(),
        optionalFile(kubernetes.scalar("bearer_token_file")),
        url(kubernetes.scalar("proxy_url")),
        new KubernetesConfig.Tls(
            optionalFile(tls.scalar("ca_file")),
            optionalFile(tls.scalar("cert_file")),
            optionalFile(tls.scalar("key_file")),
            tls.scalar("server_name").text(),
            tls.scalar("insecure_skip_verify").bool()),
        namespaces(what.sequence("namespaces")),
        KINDS.get(what.scalar("kind").oneOf(KINDS.keySet())),
        selectors(selector.scalar("label"), selector.scalar("field")),
        port(what.mapping("extra_port").scalar("port")),
        what.scalar("only_ready").bool());
  }

  private static KubernetesConfig.BasicAuth basicAuth(Mapping kubernetes) {
    Mapping basic = kubernetes.mapping("basic_auth");
    Scalar username = basic.scalar("username");
    boolean token =
        !kubernetes.scalar("bearer_token").text().isEmpty()
            || !kubernetes.scalar("bearer_token_file").text().isEmpty();
    if (!username.text().isEmpty() && token) {
      throw username.error("is set, and so is a bearer token: leave out one of them");
    }
    return new KubernetesConfig.BasicAuth(
        username.text(),
        basic.scalar("password").text(),
        optionalFile(basic.scalar("password_file")));
  }

  private static String url(Scalar url) {
    if (url.text().isEmpty()) {
      return "";
    }
    try {
      URI uri = URI.create(url.text());
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null) {
        return url.text();
      }
    } catch (IllegalArgumentException e) {
      // Said below, without the text: there may be a password in it.
    }
    throw url.error("must be a URL: https://host:port or http://host:port");
  }

  private static Path optionalFile(Scalar file) {
    if (file.text().isEmpty()) {
      return null;
    }
    if (!ClientSection.isFile(file)) {
      throw file.invalid("must be a file that can be read");
    }
    return file.path();
  }

  private static List<String> namespaces(Sequence list) {
    List<String> names = new ArrayList<>();
    for (Value item : list.items()) {
      names.addAll(item.asScalar().commaList());
    }
    for (String name : names) {
      if (!name.equals(KubernetesConfig.ALL_NAMESPACES)
          && !name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
        throw list.error("\"" + name + "\" must be the name of a namespace, or * for all of them");
      }
    }
    if (names.isEmpty()) {
      throw list.error("needs at least one namespace, or * for all of them");
    }
    boolean all = names.contains(KubernetesConfig.ALL_NAMESPACES);
    return all ? List.of(KubernetesConfig.ALL_NAMESPACES) : names.stream().distinct().toList();
  }

  /** Several of them stand between semicolons: what one of them matches is a node. */
  private static List<KubernetesConfig.Selector> selectors(Scalar labels, Scalar field) {
    for (String term : field.commaList()) {
      if (!term.matches("[\\w./-]+\\s*(=|==|!=)\\s*[^=!,]*")) {
        throw field.invalid("must be terms such as status.phase=Running or metadata.name!=oap-0");
      }
    }
    List<String> each =
        Arrays.stream(labels.text().split(";"))
            .map(String::strip)
            .filter(s -> !s.isEmpty())
            .toList();
    return (each.isEmpty() ? List.of("") : each)
        .stream().map(label -> new KubernetesConfig.Selector(label, field.text().strip())).toList();
  }

  private static String port(Scalar port) {
    String text = port.text().toLowerCase(Locale.ROOT);
    boolean number = text.matches("\\d{1,5}");
    boolean fits = number && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= 65535;
    boolean name = text.matches("[a-z0-9-]{1,15}") && text.matches(".*[a-z].*");
    if (!fits && !name) {
      throw port.invalid("must be a port within 1..65535, or the name of a port");
    }
    return text;
  }
}

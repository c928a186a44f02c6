package satellite.discovery.kubernetes;

import java.util.Locale;

/** What one watch is for: objects of a kind in one namespace, or all, that one selector matches. */
record WatchTarget(
    KubernetesConfig.Kind kind, String namespace, KubernetesConfig.Selector selector) {

  boolean isInAllNamespaces() {
    return namespace.equals(KubernetesConfig.ALL_NAMESPACES);
  }

  /** The RBAC rule that the account lacks, for somebody who may write it. */
  String requiredRole() {
    return String.format(
        Locale.ROOT,
        "the account needs a %s with apiGroups [\"%s\"], resources [%s], verbs [list, watch]%s",
        isInAllNamespaces() ? "ClusterRole" : "Role",
        kind.apiGroup,
        kind.resource,
        isInAllNamespaces() ? "" : " in namespace " + namespace);
  }

  /** For people. */
  @Override
  public String toString() {
    String where = isInAllNamespaces() ? "all namespaces" : namespace;
    String label = selector.label().isEmpty() ? "" : ", " + selector.label();
    String field = selector.field().isEmpty() ? "" : ", " + selector.field();
    return "kubernetes " + kind.resource + " in " + where + label + field;
  }
}

package satellite.discovery.kubernetes;

import java.util.List;
import satellite.discovery.Node;

/**
 * What one object of the API server comes to.
 *
 * @param nodes in no order; none where it is left out
 * @param leftOut why it, or a part of it, is no node; empty where there is nothing to say
 */
record Looked(List<Node> nodes, String leftOut) {

  static Looked at(List<Node> nodes) {
    return new Looked(nodes, "");
  }

  static Looked without(String reason) {
    return new Looked(List.of(), reason);
  }
}

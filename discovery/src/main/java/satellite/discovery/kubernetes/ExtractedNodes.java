package satellite.discovery.kubernetes;

import java.util.List;
import satellite.discovery.Node;

/**
 * The nodes that one object of the API server stands for.
 *
 * @param nodes in no order; none where it is left out
 * @param leftOut why it, or a part of it, is no node; empty where there is nothing to say
 */
record ExtractedNodes(List<Node> nodes, String leftOut) {

  static ExtractedNodes of(List<Node> nodes) {
    return new ExtractedNodes(nodes, "");
  }

  static ExtractedNodes leftOut(String reason) {
    return new ExtractedNodes(List.of(), reason);
  }
}

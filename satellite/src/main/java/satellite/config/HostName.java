package satellite.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;

/** The name of this machine; in a pod of Kubernetes that is the pod's. */
final class HostName {

  private HostName() {}

  /** Asks the environment first, which a pod and most shells have, and needs no DNS. */
  static String of(Map<String, String> env) {
    String variable = env.get("HOSTNAME");
    if (variable != null && !variable.isBlank()) {
      return variable.strip();
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      // The machine does not know its own name.
      return "satellite-" + ProcessHandle.current().pid();
    }
  }
}

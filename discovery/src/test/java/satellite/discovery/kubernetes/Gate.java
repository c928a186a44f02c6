package satellite.discovery.kubernetes;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The way to a port, which can be closed: what stands on it is cut, and nobody comes in. */
final class Gate implements AutoCloseable {

  private final ServerSocket entry = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> ends = new CopyOnWriteArrayList<>();
  private final int exit;
  private volatile boolean open = true;

  Gate(int exit) throws IOException {
    this.exit = exit;
    daemon(this::accept);
  }

  int port() {
    return entry.getLocalPort();
  }

  void open() {
    open = true;
  }

  @Override
  public void close() throws IOException {
    open = false;
    for (Socket end : ends) {
      end.close();
      ends.remove(end);
    }
  }

  private void accept() {
    while (true) {
      try {
        Socket near = entry.accept();
        if (!open) {
          near.close();
          continue;
        }
        Socket far = new Socket(InetAddress.getLoopbackAddress(), exit);
        ends.add(near);
        ends.add(far);
        daemon(() -> carry(near, far));
        daemon(() -> carry(far, near));
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void carry(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.close();
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "gate");
    thread.setDaemon(true);
    thread.start();
  }
}

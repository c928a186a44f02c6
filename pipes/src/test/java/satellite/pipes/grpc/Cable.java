package satellite.pipes.grpc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The way to a port, which can be cut: what stood on it is reset, as when the process at its end is
 * killed, and new connections are refused. Or it falls silent: nothing comes out at either end, and
 * nobody is told, as when a machine on the way loses its memory.
 */
public final class Cable implements AutoCloseable {

  private final ServerSocket entry;
  private final int exit;
  private final List<Socket> ends = new CopyOnWriteArrayList<>();
  private final Set<Socket> silent = ConcurrentHashMap.newKeySet();

  /**
   * @param exit the port on the loopback address where it leads
   */
  public Cable(int exit) {
    this.exit = exit;
    try {
      entry = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::accept);
  }

  public int port() {
    return entry.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        connect(entry.accept());
      }
    } catch (IOException e) {
      // Cut, or closed.
    }
  }

  /** A socket that is closed while somebody waits in accept() may still give him one. */
  private synchronized void connect(Socket near) throws IOException {
    if (entry.isClosed()) {
      near.close();
      return;
    }
    Socket far = new Socket(InetAddress.getLoopbackAddress(), exit);
    ends.add(near);
    ends.add(far);
    daemon(() -> carry(near, far));
    daemon(() -> carry(far, near));
  }

  private void carry(Socket from, Socket to) {
    try {
      byte[] bytes = new byte[8192];
      int read;
      while ((read = from.getInputStream().read(bytes)) >= 0) {
        if (!silent.contains(from)) {
          to.getOutputStream().write(bytes, 0, read);
        }
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // The other direction ends too, by the reset.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "cable");
    thread.setDaemon(true);
    thread.start();
  }

  /** Connections that stand on it now; new ones work. */
  public void silence() {
    silent.addAll(ends);
  }

  public synchronized void cut() {
    try {
      entry.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    reset();
  }

  /** Only what stands on it now; it can be used again at once. */
  public synchronized void reset() {
    for (Socket end : ends) {
      try {
        if (!end.isClosed()) {
          // No goodbye: closing resets the connection.
          end.setSoLinger(true, 0);
          end.close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      ends.remove(end);
    }
  }

  @Override
  public void close() {
    cut();
  }
}

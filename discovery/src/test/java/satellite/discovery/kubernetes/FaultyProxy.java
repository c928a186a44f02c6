package satellite.discovery.kubernetes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ServerSocketFactory;

/**
 * A proxy in front of a fake API server that injects faults: refuses, answers with errors of its
 * own, cuts. One thread for each connection and direction.
 */
final class FaultyProxy implements AutoCloseable {

  private static final int MAX_OF_EVENT = 65536;

  /** What was asked, in order: the heads of the requests, with when they came. */
  record Request(String head, long nanos) {
    boolean isWatch() {
      return head.lines().findFirst().orElse("").contains("watch=true");
    }

    String header(String name) {
      return head.lines()
          .filter(line -> line.toLowerCase().startsWith(name.toLowerCase() + ": "))
          .map(line -> line.substring(name.length() + 2))
          .findFirst()
          .orElse("");
    }
  }

  final List<Request> requests = new CopyOnWriteArrayList<>();
  private final ServerSocketFactory sockets;
  private final int behind;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile Function<Request, Integer> fault = request -> 0;
  private volatile boolean endsBehindEvents;
  private volatile ServerSocket server;
  private int port;

  FaultyProxy(ServerSocketFactory sockets, int behind) throws IOException {
    this.sockets = sockets;
    this.behind = behind;
    back();
  }

  int port() {
    return port;
  }

  /** The code to answer with; 0 to pass it on. */
  void fault(Function<Request, Integer> fault) {
    this.fault = fault;
  }

  /** From now on each watch tells one event, and its connection ends right behind it. */
  void endBehindEvents() {
    endsBehindEvents = true;
  }

  /** Nobody listens any more. */
  void away() throws IOException {
    server.close();
    cut();
  }

  void back() throws IOException {
    ServerSocket listening = sockets.createServerSocket();
    listening.setReuseAddress(true);
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    port = listening.getLocalPort();
    server = listening;
    thread(() -> accept(listening));
  }

  void cut() {
    open.forEach(FaultyProxy::close);
  }

  @Override
  public void close() throws IOException {
    away();
  }

  /** How often it was asked to tell what changes. */
  long watches() {
    return requests.stream().filter(Request::isWatch).count();
  }

  private void accept(ServerSocket listening) {
    try {
      while (true) {
        Socket client = listening.accept();
        open.add(client);
        if (listening.isClosed()) {
          // It was cut before it was there.
          close(client);
        }
        thread(() -> serve(client));
      }
    } catch (IOException closed) {
      // The end.
    }
  }

  private void serve(Socket client) {
    try (client) {
      String head = head(client.getInputStream());
      if (head.startsWith("CONNECT ")) {
        requests.add(new Request(head, System.nanoTime()));
        answer(client, "200 Connection established\r\n\r\n");
        tunnel(client);
        return;
      }
      if (!head.isEmpty()) {
        serve(client, new Request(head, System.nanoTime()));
      }
    } catch (IOException cut) {
      // As it may be.
    } finally {
      open.remove(client);
    }
  }

  private void serve(Socket client, Request request) throws IOException {
    requests.add(request);
    int code = fault.apply(request);
    if (code > 0) {
      answer(
          client,
          code + " Fault\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n");
      return;
    }
    try (Socket api = new Socket(InetAddress.getLoopbackAddress(), behind)) {
      open.add(api);
      String head = request.head();
      if (!request.isWatch()) {
        // One request for each connection, so that each is seen.
        head = head.replaceFirst("\r\n", "\r\nConnection: close\r\n");
      }
      api.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      Thread up = thread(() -> copy(client, api));
      if (endsBehindEvents && request.isWatch()) {
        copyOneEvent(api, client);
      } else {
        copy(api, client);
      }
      close(client);
      up.interrupt();
      open.remove(api);
    }
  }

  private void tunnel(Socket client) throws IOException {
    try (Socket api = new Socket(InetAddress.getLoopbackAddress(), behind)) {
      open.add(api);
      thread(() -> copy(client, api));
      copy(api, client);
      open.remove(api);
    }
  }

  private static void answer(Socket client, String rest) throws IOException {
    client.getOutputStream().write(("HTTP/1.1 " + rest).getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String head(InputStream in) throws IOException {
    var head = new ByteArrayOutputStream();
    int end = 0;
    while (end < 4) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.write(next);
      end = next == "\r\n\r\n".charAt(end) ? end + 1 : next == '\r' ? 1 : 0;
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException cut) {
      // Both ends go.
    }
    close(to);
  }

  private static void copyOneEvent(Socket api, Socket client) throws IOException {
    String head = head(api.getInputStream());
    client.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
    byte[] event = new byte[MAX_OF_EVENT];
    int length = Math.max(0, api.getInputStream().read(event));
    client.getOutputStream().write(event, 0, length);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // It is.
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "front");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}

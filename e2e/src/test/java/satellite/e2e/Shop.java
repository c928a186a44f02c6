package satellite.e2e;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The program that {@link JavaAgent} watches: a web server on the given port. Its methods do next
 * to nothing; what the agent makes of them stands in {@code src/test/agent-plugin}.
 */
final class Shop {

  static final String OPEN = "the shop is open";

  private final ExecutorService worker = Executors.newSingleThreadExecutor();

  private Shop() {}

  public static void main(String[] args) throws IOException {
    Shop shop = new Shop();
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
    HttpServer server = HttpServer.create(address, 0);
    server.createContext(
        "/",
        request -> {
          try (request) {
            shop.serve(request.getRequestURI().getPath(), request.getRequestURI().getQuery());
            request.sendResponseHeaders(204, -1);
          }
        });
    server.start();
    System.out.println(OPEN);
  }

  void serve(String path, String what) {
    if (path.equals("/slow")) {
      dawdle();
      return;
    }
    price();
    pay("bank:443");
    // Two at once: the agent sends them on one stream, and names the service with the first.
    log("sold " + what);
    log("thanks for " + what);
    worker.execute(later(() -> {}));
  }

  void price() {}

  void pay(String bank) {}

  void log(String text) {}

  Runnable later(Runnable work) {
    return work;
  }

  /** Long enough for many looks at its stack. */
  private static void dawdle() {
    try {
      TimeUnit.SECONDS.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package satellite.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A web site on loopback: {@code resources/browser/shop.html} with the real client that SkyWalking
 * has for pages, and the service {@code /items} that the page asks. npm fetches the client into the
 * user's cache.
 */
final class WebShop implements AutoCloseable {

  private static final String CLIENT = "skywalking-client-js";
  private static final String VERSION = "1.1.0";

  private final HttpServer server;
  private final List<String> callers = new CopyOnWriteArrayList<>();

  private WebShop(String service, String collector) throws IOException {
    byte[] client = Files.readAllBytes(client());
    byte[] page;
    try (InputStream template = WebShop.class.getResourceAsStream("/browser/shop.html")) {
      page =
          new String(template.readAllBytes(), StandardCharsets.UTF_8)
              .replace("SERVICE", service)
              .replace("COLLECTOR", collector)
              .getBytes(StandardCharsets.UTF_8);
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", call -> answer(call, 200, "text/html", page));
    server.createContext("/client.js", call -> answer(call, 200, "text/javascript", client));
    server.createContext("/bye", call -> answer(call, 200, "text/plain", new byte[0]));
    server.createContext("/items", this::items);
  }

  /** Its pages report to that address, which to a browser is another site. */
  static WebShop reportingTo(String address, String service) throws IOException {
    WebShop shop = new WebShop(service, "http://" + address);
    shop.server.start();
    return shop;
  }

  /**
   * Its pages report to the site itself, which passes that on to an OAP's REST port: OAP lets no
   * page of another site in.
   */
  static WebShop passingOnTo(String oap, String service) throws IOException {
    WebShop shop = new WebShop(service, "");
    for (String path : List.of("/browser", "/v3")) {
      shop.server.createContext(path, call -> passOn(call, oap));
    }
    shop.server.start();
    return shop;
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
  }

  /** The segments that pages said to come from when they asked for items. */
  List<String> callers() {
    return callers;
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void items(HttpExchange call) throws IOException {
    String[] trace = call.getRequestHeaders().getFirst("sw8").split("-");
    callers.add(new String(Base64.getDecoder().decode(trace[2]), StandardCharsets.UTF_8));
    answer(call, 200, "text/plain", "3 items".getBytes(StandardCharsets.UTF_8));
  }

  private static void passOn(HttpExchange call, String oap) throws IOException {
    byte[] body = call.getRequestBody().readAllBytes();
    int status;
    try {
      status = Http.postJson(oap, call.getRequestURI().getPath(), body).statusCode();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    answer(call, status, "application/json", "{}".getBytes(StandardCharsets.UTF_8));
  }

  private static void answer(HttpExchange call, int status, String type, byte[] body)
      throws IOException {
    call.getResponseHeaders().set("Content-Type", type);
    call.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    call.getResponseBody().write(body);
    call.close();
  }

  private static synchronized Path client() throws IOException {
    Path folder = Cache.folder(CLIENT + "-" + VERSION);
    Path client = folder.resolve("node_modules").resolve(CLIENT).resolve("lib/index.js");
    if (!Files.isRegularFile(client)) {
      Cache.fetch(
          "chromium",
          folder,
          List.of(
              "npm",
              "install",
              "--prefix",
              folder.toString(),
              "--ignore-scripts",
              "--no-audit",
              "--no-fund",
              CLIENT + "@" + VERSION));
    }
    return client;
  }
}

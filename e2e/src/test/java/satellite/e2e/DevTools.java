package satellite.e2e;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A page in a real browser, as its developer tools see it (Chrome DevTools Protocol): asks it
 * things, and keeps what it complained of and whom it asked. One thread asks.
 */
final class DevTools implements AutoCloseable {

  private static final int ANSWER_SECONDS = 20;

  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonObject>> waiting = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final WebSocket socket;

  private DevTools(String address) {
    this.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create(address), new Listener())
            .join();
  }

  /** Of the one page that the browser has open. */
  static DevTools of(Chromium browser) throws Exception {
    JsonArray targets =
        JsonParser.parseString(Http.get(browser.devToolsPort(), "/json/list").body())
            .getAsJsonArray();
    for (JsonElement target : targets) {
      if (target.getAsJsonObject().get("type").getAsString().equals("page")) {
        String address = target.getAsJsonObject().get("webSocketDebuggerUrl").getAsString();
        DevTools tools = new DevTools(address);
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
          tools.call(domain + ".enable", Map.of());
        }
        return tools;
      }
    }
    throw new AssertionError("no page in " + targets);
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        heard(JsonParser.parseString(message.toString()).getAsJsonObject());
        message.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private void heard(JsonObject message) {
    if (message.has("id")) {
      waiting.remove(message.get("id").getAsInt()).complete(message);
      return;
    }
    JsonObject about = message.getAsJsonObject("params");
    switch (message.get("method").getAsString()) {
      case "Network.requestWillBeSent" ->
          requests.add(about.getAsJsonObject("request").get("url").getAsString());
      case "Runtime.exceptionThrown" -> complaints.add(about.toString());
      case "Runtime.consoleAPICalled" -> complaints.add(about.toString());
      case "Log.entryAdded" -> complaints.add(about.toString());
      default -> {}
    }
  }

  private JsonObject call(String method, Map<String, ?> parameters) {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    String call = new Gson().toJson(Map.of("id", id, "method", method, "params", parameters));
    socket.sendText(call, true).join();
    JsonObject said = answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
    if (said.has("error")) {
      throw new AssertionError(method + ": " + said.get("error"));
    }
    return said.getAsJsonObject("result");
  }

  void open(String url) {
    call("Page.navigate", Map.of("url", url));
  }

  /** The value of a JavaScript expression, as text. */
  String evaluate(String expression) {
    JsonObject answer =
        call("Runtime.evaluate", Map.of("expression", "String(" + expression + ")"));
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
    }
    return answer.getAsJsonObject("result").get("value").getAsString();
  }

  /** The text of an element; empty while there is none. */
  String text(String selector) {
    return evaluate(
        "(document.querySelector(" + new Gson().toJson(selector) + ") || {}).innerText || ''");
  }

  void size(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** PNG of what is seen. */
  byte[] picture() {
    JsonObject answer = call("Page.captureScreenshot", Map.of("format", "png"));
    return Base64.getDecoder().decode(answer.get("data").getAsString());
  }

  /** What stands on its console, errors of the page and refusals of its policy. */
  List<String> complaints() {
    return complaints;
  }

  /** Whom it asked, since it was opened. */
  List<String> requests() {
    return requests;
  }

  @Override
  public void close() {
    socket.abort();
  }
}

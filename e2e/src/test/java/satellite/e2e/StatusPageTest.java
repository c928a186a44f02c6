package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The status page of the packaged program in a real browser. */
@Order(4)
class StatusPageTest {

  private static final String HOSTILE = "<script>document.title='taken'</script><img src=x>";

  private static Chromium browser;
  private static DevTools page;

  private final RefusingNode one = new RefusingNode();
  private final RefusingNode two = new RefusingNode();
  private int askedBefore;
  private int complainedBefore;

  @BeforeAll
  static void openBrowser() throws Exception {
    browser = Chromium.open("browser-status", "about:blank");
    page = DevTools.of(browser);
    page.size(1240, 900);
  }

  @AfterAll
  static void closeBrowser() {
    if (page != null) {
      page.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void remember() {
    askedBefore = page.requests().size();
    complainedBefore = page.complaints().size();
  }

  @AfterEach
  void closeNodes() {
    page.open("about:blank");
    one.close();
    two.close();
  }

  private SatelliteProcess satellite(String name, String... settings) throws IOException {
    Map<String, String> all = new HashMap<>();
    all.put("SATELLITE_GRPC_CLIENT", one.address() + "," + two.address());
    all.put("SATELLITE_TRACINGPIPE_SENDER_FLUSH_TIME", "100");
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    Path config = Files.createDirectories(ChildProcess.TARGET).resolve(name + ".yaml");
    Files.writeString(
        config,
        """
        pipes:
          - gatherer: {receiver: {plugin_name: grpc-native-tracing-receiver}}
          - common_config: {pipe_name: "%s"}
            gatherer: {receiver: {plugin_name: grpc-native-log-receiver}}
        """
            .formatted(HOSTILE));
    return SatelliteProcess.configuredBy(name, List.of(), all, config);
  }

  /** Sends while the test looks. */
  private static final class Traffic implements AutoCloseable {
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread;

    Traffic(SatelliteProcess satellite) {
      thread = new Thread(() -> send(satellite.address()), "traffic");
      thread.start();
    }

    private void send(String address) {
      try (SampleSender feed = new SampleSender(address)) {
        while (!over.get()) {
          feed.segments("watched", 20);
          LockSupport.parkNanos(20_000_000);
        }
      }
    }

    @Override
    public void close() {
      over.set(true);
      try {
        thread.join(20_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void assertNoComplaints() {
    List<String> said = page.complaints();
    assertEquals(List.of(), said.subList(complainedBefore, said.size()));
  }

  private static long received() {
    String figure = page.text("#account dd").replace(",", "");
    return figure.isEmpty() ? -1 : Long.parseLong(figure.split("\\s")[0]);
  }

  private static void awaitText(String selector, String part) {
    Eventually.until(
        selector + " says " + part, () -> page.text(selector), text -> text.contains(part));
  }

  @Test
  void itShowsWhatHappensWhileItHappens() throws Exception {
    try (var satellite = satellite("satellite-watched")) {
      page.open("http://" + satellite.admin() + "/");
      awaitText("#state", "ready");
      awaitText("#connection", "live");
      try (Traffic traffic = new Traffic(satellite)) {
        Eventually.until("messages are counted", StatusPageTest::received, n -> n > 0);
        long before = received();
        Eventually.until("there are more", StatusPageTest::received, n -> n > before);
        awaitText("#pipes tbody", "tracingpipe");
        awaitText("#idle", "show 1 idle");
        assertFalse(page.text("#pipes tbody").contains(HOSTILE));
        page.evaluate("document.getElementById('idle').click()");
        awaitText("#pipes tbody", HOSTILE);
        awaitText("#nodes tbody", one.address());
        awaitText("#nodes tbody", two.address());
        awaitText("#nodes-sum", "2 up");
        awaitText("#nodes tbody tr:first-child td:nth-child(3)", "50 %");
        awaitText("#nodes tbody tr:first-child td:nth-child(6)", "ms");
        awaitText("#discovery tbody", "static");
        awaitText("#clients tbody", "127.0.0.1");
        Files.write(ChildProcess.TARGET.resolve("status-page.png"), page.picture());
      }
      assertNoComplaints();
      String own = "http://" + satellite.admin() + "/";
      for (String asked : page.requests().subList(askedBefore, page.requests().size())) {
        assertTrue(asked.startsWith(own) || asked.startsWith("data:"), asked);
      }
    }
  }

  @Test
  void itShowsThatANodeIsDownAndWhy() throws Exception {
    try (var satellite = satellite("satellite-watched-bereaved")) {
      page.open("http://" + satellite.admin() + "/status");
      awaitText("#nodes-sum", "2 up");
      String dead = one.address();
      one.close();
      awaitText("#nodes-sum", "1 down, 1 up");
      // It comes first, as somebody may want to look into it.
      awaitText("#nodes tbody tr:first-child th", dead);
      awaitText("#nodes tbody tr:first-child td", "down");
      assertNoComplaints();
    }
  }

  @Test
  void itShowsHowItStandsBesideOtherReplicasAndThatItIsFull() throws Exception {
    Path file = ChildProcess.TARGET.resolve("watched.replicas");
    Files.createDirectories(ChildProcess.TARGET);
    Files.writeString(file, "");
    String[] settings = {
      "SATELLITE_REPLICAS_FINDER", "file",
      "SATELLITE_REPLICAS_FILE", file.toString(),
      "SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT", "1"
    };
    try (var watched = satellite("satellite-watched-replica", settings);
        var other = satellite("satellite-watched-other", settings);
        SampleSender agent = new SampleSender(watched.address())) {
      page.open("http://" + watched.admin() + "/");
      awaitText("#levels", "1 replica");
      awaitText("#levels", "no other one answers");
      Files.writeString(file, watched.admin() + "\n" + other.admin() + "\n");
      awaitText("#levels", "2 replicas");
      awaitText("#discovery tbody", "of replicas");
      agent.segments("watched", 1);
      awaitText("#levels", "1 gRPC connection");
      awaitText("#state", "full");
      Files.write(ChildProcess.TARGET.resolve("status-page-replicas.png"), page.picture());
      assertNoComplaints();
    }
  }

  @Test
  void itSaysSinceWhenItIsStale() throws Exception {
    try (var satellite = satellite("satellite-watched-gone")) {
      page.open("http://" + satellite.admin() + "/");
      awaitText("#connection", "live");
      assertNoComplaints();
      satellite.kill();
      awaitText("#connection", "stale since ");
      awaitText("#connection", "Satellite does not answer");
      assertEquals("true", page.evaluate("document.body.classList.contains('stale')"));
    }
  }

  @Test
  void aNameIsTextWhateverItSays() throws Exception {
    try (var satellite = satellite("satellite-watched-hostile")) {
      page.open("http://" + satellite.admin() + "/");
      awaitText("#pipes tbody", HOSTILE);
      awaitText("title", "Satellite");
      assertEquals(
          "0", page.evaluate("document.querySelectorAll('td script, th script, img').length"));
      assertFalse(page.evaluate("document.title").contains("taken"));
      assertNoComplaints();
    }
  }

  @Test
  void aBrowserIsAskedForTheToken() throws Exception {
    try (var satellite = satellite("satellite-watched-secretly", "SATELLITE_ADMIN_TOKEN", "hush")) {
      page.open("http://anybody:hush@" + satellite.admin() + "/status");
      awaitText("#connection", "live");
      awaitText("#nodes-sum", "2 up");
      assertEquals(
          "******",
          page.evaluate(
              "configuration.textContent.match(/token: (\\S*)/)[1].replace(/['\"]/g, '')"));
      assertFalse(page.evaluate("document.documentElement.textContent").contains("hush"));
      assertNoComplaints();
    }
  }
}

package satellite.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.discovery.Node;
import satellite.replicas.ReplicaStatus;

/** Whatever stands where a replica was thought to be, over real sockets. */
@Timeout(120)
class ReplicaStatusClientTest {

  private static final String GOOD =
      "{\"id\":\"a\",\"connections\":7,\"share\":0.5,\"accepting\":true,\"phaseMillis\":12}";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ReplicaStatusClient client = new ReplicaStatusClient(threads);
  private ServerSocket listening;

  @BeforeEach
  void listen() throws IOException {
    listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void stop() throws IOException {
    listening.close();
    threads.shutdownNow();
  }

  private interface Answering {
    void to(Socket client, OutputStream out) throws IOException;
  }

  private void stranger(Answering answering) {
    threads.execute(
        () -> {
          try (Socket client = listening.accept()) {
            answering.to(client, client.getOutputStream());
          } catch (IOException e) {
            // It asks no more.
          }
        });
  }

  private static byte[] answer(String status, String body) {
    return ("HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
        .getBytes(US_ASCII);
  }

  private CompletableFuture<ReplicaStatus> ask(String host) {
    return client.fetch(new Node(host, listening.getLocalPort())).toCompletableFuture();
  }

  private void assertNoAnswer() {
    assertThrows(ExecutionException.class, () -> ask("127.0.0.1").get(10, TimeUnit.SECONDS));
  }

  @Test
  void aReplicaTellsHowItStands() throws Exception {
    stranger((client, out) -> out.write(answer("200 OK", GOOD)));
    assertEquals(new ReplicaStatus("a", 7, 0.5, true, 12), ask("127.0.0.1").get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "hello",
        "{\"connections\":7}",
        "{\"id\":\"a\",\"connections\":-1}",
        "{\"id\":\"a\",\"connections\":1e99}",
        "{\"id\":\"a\",\"connections\":1,\"share\":NaN}",
        "{\"id\":\"a\",\"connections\":1,\"share\":1e308}",
        "{\"id\":\"a\",\"connections\":1,\"share\":-1}",
        "{\"id\":\"a\",\"connections\":1,\"phaseMillis\":-1}",
      })
  void whatNoReplicaSaysIsNoAnswer(String body) {
    stranger((client, out) -> out.write(answer("200 OK", body)));
    assertNoAnswer();
  }

  @Test
  void anErrorIsNoAnswer() {
    stranger((client, out) -> out.write(answer("503 Busy", GOOD)));
    assertNoAnswer();
  }

  @Test
  void anAnswerThatNeverEndsIsBrokenOff() throws Exception {
    var closed = new CompletableFuture<Boolean>();
    stranger(
        (client, out) -> {
          out.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".getBytes(US_ASCII));
          while (client.getInputStream().read() >= 0) {}
          closed.complete(true);
        });
    assertNoAnswer();
    assertTrue(closed.get());
  }

  /** Of any length: what it says beforehand, or does not say. */
  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 1000000000000", "Transfer-Encoding: chunked"})
  void anAnswerWithoutMeasureIsNotHeldInMemory(String length) throws Exception {
    var taken = new CompletableFuture<Long>();
    byte[] chunk = ("8000\r\n" + " ".repeat(0x8000) + "\r\n").getBytes(US_ASCII);
    stranger(
        (client, out) -> {
          long written = 0;
          try {
            out.write(("HTTP/1.1 200 OK\r\n" + length + "\r\n\r\n").getBytes(US_ASCII));
            while (written < 1L << 28) {
              out.write(chunk);
              written += chunk.length;
            }
          } finally {
            taken.complete(written);
          }
        });
    assertNoAnswer();
    // What the kernel's buffers hold.
    assertTrue(taken.get() < 1 << 26, taken.get() + " bytes");
  }

  /** As Docker Compose calls containers; it is no name of a host to java.net.URI. */
  @Test
  void aNameWithAnUnderscoreIsLookedUpAsOthers() {
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> ask("shop_satellite_1.invalid").get());
    assertTrue(failure.getMessage().contains("UnknownHost"), failure.getMessage());
  }

  @Test
  void theAddressOfAnotherKindIsAskedToo() throws Exception {
    listening.close();
    try {
      listening = new ServerSocket(0, 50, InetAddress.getByName("::1"));
    } catch (IOException e) {
      Assumptions.abort("this machine has no IPv6: " + e.getMessage());
    }
    stranger((client, out) -> out.write(answer("200 OK", GOOD)));
    assertEquals("a", ask("::1").get().id());
  }
}

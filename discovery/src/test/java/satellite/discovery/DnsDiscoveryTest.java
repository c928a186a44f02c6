package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;

/**
 * {@link DiscoveryContract} for DNS, and what is its own. The server is real, the time turned by
 * hand: the client of these tests waits for each answer on the test's thread, but for two tests of
 * the one that does not.
 */
@Timeout(120)
class DnsDiscoveryTest extends DiscoveryContract {

  private static final Duration MIN = Duration.ofSeconds(2);
  private static final Duration MAX = Duration.ofSeconds(100);

  private final ManualTime time = new ManualTime();
  private final List<Set<Node>> told = new ArrayList<>();
  private DnsServer server;
  private Discovery dns;

  @BeforeEach
  void open() throws IOException {
    server = new DnsServer();
  }

  @AfterEach
  void leavesNothingBehind() throws IOException {
    if (dns != null) {
      dns.close();
      assertEquals(0, time.scheduled());
    }
    server.close();
  }

  /** Answers before it returns. */
  private static final class WaitingResolver extends SimpleResolver {

    WaitingResolver(InetSocketAddress server) {
      super(server);
      DnsClient.configured(this, Duration.ofMillis(100));
    }

    @Override
    public CompletionStage<Message> sendAsync(Message query, Executor executor) {
      var answer = super.sendAsync(query, Runnable::run).toCompletableFuture();
      try {
        return CompletableFuture.completedStage(answer.get(5, TimeUnit.SECONDS));
      } catch (ExecutionException e) {
        return CompletableFuture.failedStage(e.getCause());
      } catch (InterruptedException | TimeoutException e) {
        throw new AssertionError("dnsjava has an end of its own", e);
      }
    }
  }

  private DnsClient client(
      List<InetSocketAddress> servers, Path hosts, int ndots, String... search) {
    List<Name> domains = Stream.of(search).map(Name::fromConstantString).toList();
    return new DnsClient(servers, domains, ndots, hosts, WaitingResolver::new, time);
  }

  private DnsDiscovery discovery(String query, DnsClient client) {
    return new DnsDiscovery(DnsQuery.parse(query), MIN, MAX, () -> client, time, Clock.systemUTC());
  }

  private void start(String query, DnsClient client) {
    dns = discovery(query, client);
    dns.start(told::add);
  }

  private void start(String query) {
    start(query, client(List.of(server.address()), null, 1));
  }

  @Override
  Discovery discovery(Set<Node> nodes) {
    server.has(
        nodes.stream().map(node -> "oap.example. 30 A " + node.host()).toArray(String[]::new));
    return discovery("oap.example:11800", client(List.of(server.address()), null, 1));
  }

  @Override
  void lookAgain() {
    time.advance(30, TimeUnit.SECONDS);
  }

  private static Set<Node> nodes(String... nodes) {
    return Stream.of(nodes).map(NodeText::parse).collect(Collectors.toSet());
  }

  private void assertTold(String... nodes) {
    assertEquals(nodes(nodes), told.get(told.size() - 1));
  }

  private String error() {
    return dns.statuses().get(0).error();
  }

  // Addresses

  @Test
  void everyAddressIsANodeOfItsPortWeightAndZone() {
    server.has("oap.example. 30 A 10.0.0.1", "oap.example. 30 AAAA fd00:0:0:0:0:0:0:1");
    start("oap.example:11800=3@eu-1");
    assertTold("10.0.0.1:11800=3@eu-1", "[fd00::1]:11800=3@eu-1");
  }

  @Test
  void asksAgainWhenTheLeastTimeToLiveIsOver() {
    server.has("oap.example. 30 A 10.0.0.1", "oap.example. 15 AAAA fd00::1");
    start("oap.example:11800");
    server.has("oap.example. 30 A 10.0.0.2");
    time.advance(14_999, TimeUnit.MILLISECONDS);
    assertEquals(1, told.size());
    time.advance(1, TimeUnit.MILLISECONDS);
    assertTold("10.0.0.2:11800");
  }

  @Test
  void timesToLiveAreBounded() {
    server.has("oap.example. 0 A 10.0.0.1", "oap.example. 0 AAAA fd00::1");
    start("oap.example:11800");
    server.asked();
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(List.of(), server.asked());
    server.has("oap.example. 86400 A 10.0.0.1", "oap.example. 86400 AAAA fd00::1");
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(2, server.asked().size());
    time.advance(99, TimeUnit.SECONDS);
    assertEquals(List.of(), server.asked());
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(2, server.asked().size());
  }

  @Test
  void anAliasIsFollowedAndItsTimeToLiveCounts() {
    server.has("oap.example. 7 CNAME real.example.", "real.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    assertTold("10.0.0.1:11800");
    server.has("oap.example. 7 CNAME other.example.", "other.example. 30 A 10.0.0.2");
    time.advance(7, TimeUnit.SECONDS);
    assertTold("10.0.0.2:11800");
  }

  @Test
  void anAliasThatEndsInTheMessageIsAskedForItself() {
    server.has("oap.example. 7 CNAME real.example.", "real.example. 30 A 10.0.0.1");
    server.replies(
        "oap.example. A",
        (query, tcp) -> {
          Message answer = server.fromZone(query);
          answer.removeRecord(answer.getSection(Section.ANSWER).get(1), Section.ANSWER);
          return answer.toWire();
        });
    start("oap.example:11800");
    assertTold("10.0.0.1:11800");
    assertTrue(server.asked().contains("real.example. A"));
  }

  @Test
  void aliasesInACircleAreAnError() {
    server.has("a.example. 7 CNAME b.example.", "b.example. 7 CNAME a.example.");
    start("a.example:11800");
    assertEquals("a.example. A leads through more than 8 aliases", error());
  }

  @Test
  void noSuchNameIsTheEmptySetForAsLongAsTheZoneSays() {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.has();
    time.advance(DnsServer.NEGATIVE_TTL, TimeUnit.SECONDS);
    assertTold();
    assertEquals("", error());
    server.has("oap.example. 30 A 10.0.0.1");
    time.advance(DnsServer.NEGATIVE_TTL - 1, TimeUnit.SECONDS);
    assertTold();
    time.advance(1, TimeUnit.SECONDS);
    assertTold("10.0.0.1:11800");
  }

  @Test
  void noSuchRecordIsTheEmptySet() {
    server.has("oap.example. 30 TXT hello");
    start("oap.example:11800");
    assertTold();
  }

  @Test
  void aDenialThatDoesNotSayHowLongItHoldsIsAskedAgainSoon() {
    server.fails("*", Rcode.NXDOMAIN);
    start("oap.example:11800");
    assertTold();
    server.answersAgain();
    server.has("oap.example. 30 A 10.0.0.1");
    time.advance(5, TimeUnit.SECONDS);
    assertTold("10.0.0.1:11800");
  }

  @Test
  void anAddressNeedsNoServer() {
    start("10.1.2.3:11800", client(List.of(), null, 1));
    assertTold("10.1.2.3:11800");
  }

  // Failures

  @ParameterizedTest
  @ValueSource(ints = {Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP})
  void keepsTheLastSetWhenTheServerFails(int rcode) {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.fails("*", rcode);
    time.advance(30, TimeUnit.SECONDS);
    assertEquals(1, told.size());
    assertEquals(
        "oap.example. A: server 127.0.0.1:"
            + server.address().getPort()
            + " answers "
            + Rcode.string(rcode),
        error());
    assertEquals(nodes("10.0.0.1:11800"), dns.statuses().get(0).nodes());
  }

  @Test
  void keepsTheLastSetWhenTheServerIsSilent() {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.isSilent("*");
    time.advance(30, TimeUnit.SECONDS);
    assertEquals(1, told.size());
    assertTrue(error().endsWith(" does not answer"), error());
  }

  @Test
  void keepsTheLastSetWhenTheServerIsAway() throws IOException {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.close();
    time.advance(30, TimeUnit.SECONDS);
    assertEquals(1, told.size());
    assertTrue(error().contains("cannot be asked"), error());
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "AAAA"})
  void halfAnAnswerIsNone(String failing) {
    server.has("oap.example. 30 A 10.0.0.1", "oap.example. 30 AAAA fd00::1");
    start("oap.example:11800");
    server.fails("oap.example. " + failing, Rcode.SERVFAIL);
    time.advance(30, TimeUnit.SECONDS);
    assertEquals(1, told.size());
    assertTrue(error().startsWith("oap.example. " + failing + ": "), error());
  }

  @Test
  void aReferralIsNoDenial() {
    server.replies(
        "*",
        (query, tcp) -> {
          Message answer = DnsServer.empty(query, Rcode.NOERROR);
          Name ns = Name.fromConstantString("ns.example.");
          answer.addRecord(new NSRecord(ns, 1, 30, ns), Section.AUTHORITY);
          return answer.toWire();
        });
    start("oap.example:11800");
    assertEquals(List.of(), told);
    assertTrue(error().contains("other servers"), error());
  }

  @Test
  void isTriedAgainWithGrowingPauses() {
    server.fails("*", Rcode.SERVFAIL);
    start("oap.example:11800");
    for (int pause : new int[] {1, 2, 4, 8, 8}) {
      server.asked();
      time.advance(pause * 1000L - 1, TimeUnit.MILLISECONDS);
      assertEquals(List.of(), server.asked());
      time.advance(1, TimeUnit.MILLISECONDS);
      assertEquals(4, server.asked().size());
    }
    server.answersAgain();
    server.has("oap.example. 30 A 10.0.0.1");
    time.advance(8, TimeUnit.SECONDS);
    assertTold("10.0.0.1:11800");
    assertEquals("", error());
  }

  @Test
  void theSecondServerAnswersForTheFirst() throws IOException {
    try (var failing = new DnsServer()) {
      failing.fails("*", Rcode.SERVFAIL);
      server.has("oap.example. 30 A 10.0.0.1");
      start("oap.example:11800", client(List.of(failing.address(), server.address()), null, 1));
      assertTold("10.0.0.1:11800");
      server.isSilent("*");
      time.advance(30, TimeUnit.SECONDS);
      assertTrue(error().contains(" answers SERVFAIL, server 127.0.0.1:"), error());
      assertTrue(error().endsWith(" does not answer"), error());
    }
  }

  @Test
  void aLostPacketIsNoFailure() {
    server.has("oap.example. 30 A 10.0.0.1");
    server.replies(
        "oap.example. A",
        (query, tcp) -> {
          server.answersAgain();
          return null;
        });
    start("oap.example:11800");
    assertTold("10.0.0.1:11800");
    assertEquals("", error());
  }

  @Test
  void newServersOfTheSystemAreFoundAfterAFailure() throws IOException {
    try (var old = new DnsServer()) {
      old.fails("*", Rcode.REFUSED);
      server.has("oap.example. 30 A 10.0.0.1");
      var now = new ArrayList<>(List.of(old.address()));
      dns =
          new DnsDiscovery(
              DnsQuery.parse("oap.example:11800"),
              MIN,
              MAX,
              () -> client(List.copyOf(now), null, 1),
              time,
              Clock.systemUTC());
      dns.start(told::add);
      now.set(0, server.address());
      time.advance(1, TimeUnit.SECONDS);
      assertTold("10.0.0.1:11800");
    }
  }

  // Large answers

  @Test
  void aTruncatedAnswerGoesOnOverTcp() {
    String[] lines =
        IntStream.range(0, 200)
            .mapToObj(i -> "oap.example. 30 A 10.0.1." + i)
            .toArray(String[]::new);
    server.has(lines);
    start("oap.example:11800");
    assertEquals(200, told.get(0).size());
    assertEquals(
        List.of("oap.example. A", "oap.example. A tcp", "oap.example. AAAA"), server.asked());
  }

  @Test
  void anAnswerThatTcpTruncatesIsNone() {
    server.replies(
        "oap.example. A",
        (query, tcp) -> {
          Message answer = server.fromZone(query);
          answer.getHeader().setFlag(Flags.TC);
          return answer.toWire();
        });
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    assertEquals(List.of(), told);
    assertTrue(error().endsWith(" answers in part only"), error());
  }

  /** The next one must not wait for the rest of it. */
  @Test
  void aTcpConnectionThatBreaksOffIsForOneAnswerOnly() {
    server.has("oap.example. 30 A 10.0.0.1");
    server.truncatesBeyond(0);
    server.wire = framed -> Arrays.copyOf(framed, framed.length / 2);
    start("oap.example:11800");
    assertTrue(error().endsWith(" cannot be asked: closed the connection"), error());
    server.holdsTcp = true;
    time.advance(1, TimeUnit.SECONDS);
    assertTrue(error().endsWith(" does not answer"), error());
    server.answersAgain();
    time.advance(2, TimeUnit.SECONDS);
    assertTold("10.0.0.1:11800");
  }

  @Test
  void moreThanAThousandNodesAreAnError() {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.has(many("oap.example. 30 A 10.0.%d.%d", 1001));
    time.advance(30, TimeUnit.SECONDS);
    assertEquals(1, told.size());
    assertEquals("oap.example:11800: leads to 1001 nodes; no more than 1000 are taken", error());
    server.has(many("oap.example. 30 A 10.0.%d.%d", 1000));
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1000, told.get(1).size());
  }

  @Test
  void moreThanAThousandTargetsAreNotEvenAskedFor() {
    server.has(many("_grpc._tcp.oap.example. 30 SRV 0 0 1 oap-%d-%d.", 1001));
    start("_grpc._tcp.oap.example");
    assertEquals(
        "_grpc._tcp.oap.example: leads to 1001 targets; no more than 1000 are taken", error());
    assertEquals(2, server.asked().size());
  }

  private static String[] many(String line, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> line.formatted(i / 250, i % 250))
        .toArray(String[]::new);
  }

  // Services

  @Test
  void aServiceHasPortsPrioritiesAndWeights() {
    server.has(
        "_grpc._tcp.oap.example. 30 SRV 0 30 11800 oap-0.example.",
        "_grpc._tcp.oap.example. 30 SRV 0 10 11801 oap-1.example.",
        "_grpc._tcp.oap.example. 30 SRV 5 0 11802 spare.example.",
        "oap-0.example. 30 A 10.0.0.1",
        "oap-0.example. 30 AAAA fd00::1",
        "oap-1.example. 30 A 10.0.0.2",
        "spare.example. 30 A 10.0.0.3");
    start("_grpc._tcp.oap.example");
    assertEquals(
        Set.of(
            new Node("10.0.0.1", 11800, 30),
            new Node("fd00::1", 11800, 30),
            new Node("10.0.0.2", 11801, 10),
            new Node("10.0.0.3", 11802, 1, "", 5)),
        told.get(0));
  }

  @Test
  void largeWeightsAreScaledWithinTheirPriority() {
    server.has(
        "_s._tcp.example. 30 SRV 0 60000 1 a.",
        "_s._tcp.example. 30 SRV 0 30000 2 a.",
        "_s._tcp.example. 30 SRV 0 1 3 a.",
        "_s._tcp.example. 30 SRV 1 50 4 a.",
        "a. 30 A 10.0.0.1");
    start("_s._tcp.example");
    assertEquals(
        Set.of(
            new Node("10.0.0.1", 1, 100),
            new Node("10.0.0.1", 2, 50),
            new Node("10.0.0.1", 3, 1),
            new Node("10.0.0.1", 4, 50, "", 1)),
        told.get(0));
  }

  @Test
  void aTargetThatIsNamedTwiceIsOneAndItsFirstPriorityCounts() {
    server.has(
        "_s._tcp.example. 30 SRV 1 9 1 a.", "_s._tcp.example. 30 SRV 0 2 1 a.", "a. 30 A 10.0.0.1");
    start("_s._tcp.example");
    assertEquals(Set.of(new Node("10.0.0.1", 1, 2)), told.get(0));
  }

  @Test
  void theTargetDotMeansNone() {
    server.has("_s._tcp.example. 30 SRV 0 0 0 .");
    start("_s._tcp.example");
    assertTold();
    assertEquals("", error());
    assertEquals(List.of("_s._tcp.example. SRV"), server.asked());
  }

  @Test
  void aTargetWithoutAddressIsLeftOutAndNamed() {
    server.has(
        "_s._tcp.example. 30 SRV 0 1 1 a.",
        "_s._tcp.example. 30 SRV 0 1 1 gone.",
        "a. 30 A 10.0.0.1");
    start("_s._tcp.example");
    assertTold("10.0.0.1:1");
    assertEquals("gone. has no address", dns.statuses().get(0).remark());
  }

  @Test
  void aTargetThatCannotBeAskedForKeepsAll() {
    server.has(
        "_s._tcp.example. 30 SRV 0 1 1 a.",
        "_s._tcp.example. 30 SRV 0 1 1 b.",
        "a. 30 A 10.0.0.1",
        "b. 30 A 10.0.0.2");
    start("_s._tcp.example");
    server.fails("b. A", Rcode.SERVFAIL);
    time.advance(DnsServer.NEGATIVE_TTL, TimeUnit.SECONDS);
    assertEquals(List.of(nodes("10.0.0.1:1", "10.0.0.2:1")), told);
    assertTrue(error().startsWith("b. A: server"), error());
  }

  @Test
  void theTimesToLiveOfTargetsCount() {
    server.has("_s._tcp.example. 90 SRV 0 1 1 a.", "a. 8 A 10.0.0.1", "a. 90 AAAA fd00::1");
    start("_s._tcp.example");
    server.asked();
    time.advance(8, TimeUnit.SECONDS);
    assertEquals(3, server.asked().size());
  }

  @Test
  void hundredsOfTargetsAreAskedForInTurn() {
    String[] lines =
        Stream.concat(
                IntStream.range(0, 100).mapToObj(i -> "_s._tcp.example. 30 SRV 0 0 1 o" + i + "."),
                IntStream.range(0, 100).mapToObj(i -> "o" + i + ". 30 A 10.0.0." + i))
            .toArray(String[]::new);
    server.has(lines);
    start("_s._tcp.example");
    assertEquals(100, told.get(0).size());
  }

  // Names as the system knows them

  private DnsClient inKubernetes(Path hosts) {
    return client(
        List.of(server.address()),
        hosts,
        5,
        "satellite.svc.cluster.local.",
        "svc.cluster.local.",
        "cluster.local.");
  }

  @Test
  void searchDomainsAreTriedInTurn() {
    server.has("oap.observability.svc.cluster.local. 30 A 10.0.0.1");
    start("oap.observability:11800", inKubernetes(null));
    assertTold("10.0.0.1:11800");
    assertEquals(
        List.of(
            "oap.observability.satellite.svc.cluster.local. A",
            "oap.observability.satellite.svc.cluster.local. AAAA",
            "oap.observability.svc.cluster.local. A",
            "oap.observability.svc.cluster.local. AAAA"),
        server.asked());
  }

  @Test
  void aServiceIsFoundInSearchDomains() {
    server.has(
        "_grpc._tcp.oap.observability.svc.cluster.local. 30 SRV 0 1 11800 a.b.",
        "a.b. 30 A 10.0.0.1");
    start("_grpc._tcp.oap.observability", inKubernetes(null));
    assertTold("10.0.0.1:11800");
  }

  @Test
  void aNameAsItIsComesLastOrWithEnoughDotsFirst() {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800", inKubernetes(null));
    assertTold("10.0.0.1:11800");
    assertEquals(8, server.asked().size());
    dns.close();
    start("oap.example:11800", client(List.of(server.address()), null, 1, "cluster.local."));
    assertEquals(List.of("oap.example. A", "oap.example. AAAA"), server.asked());
  }

  @Test
  void aNameThatEndsWithADotIsNotSearchedFor() {
    start("oap.example.:11800", inKubernetes(null));
    assertTold();
    assertEquals(List.of("oap.example. A", "oap.example. AAAA"), server.asked());
  }

  @Test
  void aSearchDomainThatFailsIsNotPassedOver() {
    server.has("oap.observability.svc.cluster.local. 30 A 10.0.0.1");
    server.fails("oap.observability.satellite.svc.cluster.local. A", Rcode.SERVFAIL);
    start("oap.observability:11800", inKubernetes(null));
    assertEquals(List.of(), told);
    assertTrue(error().contains("SERVFAIL"), error());
  }

  @Test
  void theHostsFileComesFirst(@TempDir Path dir) throws IOException {
    Path hosts = dir.resolve("hosts");
    Files.writeString(hosts, "10.9.9.9 oap.example oap # ours\n");
    start("oap:11800", inKubernetes(hosts));
    assertTold("10.9.9.9:11800");
    assertEquals(List.of(), server.asked());
    Files.writeString(hosts, "10.9.9.8 oap\n");
    time.advance(5, TimeUnit.SECONDS);
    assertTold("10.9.9.8:11800");
  }

  @Test
  void theSystemHasAServer() {
    assertTrue(DnsClient.ofSystem(Runnable::run).servers().size() > 0);
  }

  // Queries

  @Test
  void aQueryIsOfAddressesOrServices() {
    assertEquals(new DnsQuery.Addresses(new Node("oap", 11800)), DnsQuery.parse(" oap:11800"));
    assertEquals(
        new DnsQuery.Services("_grpc._tcp.oap.example"), DnsQuery.parse("_grpc._tcp.oap.example"));
    assertThrows(IllegalArgumentException.class, () -> DnsQuery.parse("oap.example"));
    assertThrows(IllegalArgumentException.class, () -> DnsQuery.parse("_grpc._tcp..example"));
    assertThrows(IllegalArgumentException.class, () -> DnsQuery.parse("oap..example:11800"));
    String label = "a".repeat(63);
    assertThrows(
        IllegalArgumentException.class,
        () -> DnsQuery.parse("_%s.%s.%s.%s".formatted(label.substring(1), label, label, label)));
  }

  @Test
  void severalQueriesAreJoined() throws Exception {
    server.has("a.example. 30 A 10.0.0.1", "b.example. 30 A 10.0.0.2");
    var heard = new LinkedBlockingQueue<Set<Node>>();
    var timer = Executors.newSingleThreadScheduledExecutor();
    try (var joined =
        DnsDiscovery.of(config("a.example:1", "b.example:2"), timer, Clock.systemUTC())) {
      joined.start(heard::add);
      assertEquals(nodes("10.0.0.1:1", "10.0.0.2:2"), heard.poll(10, TimeUnit.SECONDS));
      assertEquals(
          List.of("dns a.example:1", "dns b.example:2"),
          joined.statuses().stream().map(SourceStatus::source).toList());
    } finally {
      timer.shutdownNow();
    }
  }

  private DnsConfig config(String... queries) {
    return new DnsConfig(
        Stream.of(queries).map(DnsQuery::parse).toList(),
        List.of(server.address()),
        Duration.ofMillis(10),
        Duration.ofMillis(10));
  }

  // Without waiting

  @Test
  void tellsChangesOnTheTimersThread() throws Exception {
    server.has("oap.example. 30 A 10.0.0.1");
    var heard = new LinkedBlockingQueue<Set<Node>>();
    var timer = Executors.newSingleThreadScheduledExecutor();
    Thread only = timer.submit(Thread::currentThread).get();
    try (var async = DnsDiscovery.of(config("oap.example:1"), timer, Clock.systemUTC())) {
      async.start(
          nodes -> {
            if (nodes.equals(nodes("10.0.0.1:1")) || Thread.currentThread() == only) {
              heard.add(nodes);
            }
          });
      assertEquals(nodes("10.0.0.1:1"), heard.poll(10, TimeUnit.SECONDS));
      server.truncatesBeyond(0);
      server.has("oap.example. 30 A 10.0.0.2");
      assertEquals(nodes("10.0.0.2:1"), heard.poll(10, TimeUnit.SECONDS));
    } finally {
      timer.shutdownNow();
    }
  }

  @Test
  void aSilentServerDoesNotHoldTheTimersThread() throws Exception {
    var asked = new CountDownLatch(1);
    server.replies(
        "*",
        (query, tcp) -> {
          asked.countDown();
          return null;
        });
    var timer = Executors.newSingleThreadScheduledExecutor();
    try (var async = DnsDiscovery.of(config("oap.example:1"), timer, Clock.systemUTC())) {
      async.start(nodes -> {});
      assertTrue(asked.await(10, TimeUnit.SECONDS));
      assertNotNull(timer.submit(Thread::currentThread).get(1, TimeUnit.SECONDS));
    } finally {
      timer.shutdownNow();
    }
  }

  // Hostile answers

  @Test
  void anAnswerToAnotherQuestionIsNone() {
    server.has("oap.example. 30 A 10.0.0.1");
    start("oap.example:11800");
    server.replies(
        "*",
        (query, tcp) -> {
          Message answer = server.fromZone(query);
          answer.getHeader().setID(query.getHeader().getID() ^ 1);
          return answer.toWire();
        });
    time.advance(20, TimeUnit.SECONDS);
    assertTrue(error().endsWith(" sends what is no answer"), error());
    server.replies("*", (query, tcp) -> server.fromZone(Message.newQuery(other())).toWire());
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(List.of(nodes("10.0.0.1:11800")), told);
  }

  private static org.xbill.DNS.Record other() {
    return org.xbill.DNS.Record.newRecord(Name.fromConstantString("other."), 1, 1);
  }

  /** Right answers that were bent, cut and mixed with noise. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noPacketStopsIt(long seed) {
    var random = new Random(seed);
    String[] zone = {
      "_s._tcp.example. 30 SRV 0 1 1 a.",
      "_s._tcp.example. 30 SRV 1 70 2 b.",
      "a. 30 A 10.0.0.1",
      "a. 30 AAAA fd00::1",
      "b. 30 CNAME a."
    };
    server.has(zone);
    server.wire = framed -> random.nextBoolean() ? framed : bent(framed, random);
    server.replies("*", (query, tcp) -> bent(server.fromZone(query).toWire(), random));
    start("_s._tcp.example");
    for (int i = 0; i < 150; i++) {
      time.advance(8, TimeUnit.SECONDS);
    }
    told.forEach(nodes -> assertTrue(nodes.size() <= DnsDiscovery.MAX_NODES));
    server.answersAgain();
    time.advance(MAX.toSeconds(), TimeUnit.SECONDS);
    assertEquals("", error());
    assertEquals(
        Set.of(
            new Node("10.0.0.1", 1),
            new Node("fd00::1", 1),
            new Node("10.0.0.1", 2, 70, "", 1),
            new Node("fd00::1", 2, 70, "", 1)),
        told.get(told.size() - 1));
  }

  private static byte[] bent(byte[] packet, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> packet = Arrays.copyOf(packet, 1 + random.nextInt(packet.length));
      case 1 -> packet = Arrays.copyOf(packet, packet.length + random.nextInt(100));
      case 2 -> {
        packet = new byte[1 + random.nextInt(600)];
        random.nextBytes(packet);
      }
      default -> {
        // As it is, but for what follows.
      }
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      packet[random.nextInt(packet.length)] = (byte) random.nextInt();
    }
    return packet;
  }
}

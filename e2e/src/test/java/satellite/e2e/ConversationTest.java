package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Uploads of Java agents to nodes newer than the OAP that the other tests have. */
@Order(8)
class ConversationTest {

  private static final int AGENTS = 8;
  private static final int PIECE_BYTES = 64 << 10;

  /** 30 MiB, the most that OAP takes: of all agents together more than the program's whole heap. */
  private static final int PIECES = 480;

  /** Pieces of an agent that may be on their way while nobody reads them. */
  private static final int ON_THE_WAY = 64;

  private static ByteString piece(int agent, int number) {
    byte[] piece = new byte[PIECE_BYTES];
    for (int i = 0; i < piece.length; i++) {
      piece[i] = (byte) (agent * 31 + number * 7 + i);
    }
    return ByteString.copyFrom(piece);
  }

  private static String digest(int agent, int pieces) {
    MessageDigest digest = ProfilerNode.sha256();
    for (int number = 0; number < pieces; number++) {
      digest.update(piece(agent, number).asReadOnlyByteBuffer());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Uploads after the answer, as fast as the node reads. */
  private static final class Upload extends ClientCall.Listener<UnknownFieldSet> {
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private final ClientCall<UnknownFieldSet, UnknownFieldSet> call;
    private final int agent;
    private final int pieces;
    private volatile boolean answered;
    private volatile int sent;

    Upload(ManagedChannel channel, int agent, boolean succeeded) {
      this.agent = agent;
      this.pieces = succeeded ? PIECES : 0;
      this.call =
          channel.newCall(
              ProfilerNode.COLLECT, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
      call.start(this, new Metadata());
      call.request(2);
      call.sendMessage(ProfilerNode.metadata("task-" + agent, succeeded, pieces * PIECE_BYTES));
      if (!succeeded) {
        call.halfClose();
      }
    }

    @Override
    public void onMessage(UnknownFieldSet answer) {
      answered = true;
      onReady();
    }

    @Override
    public void onReady() {
      while (answered && sent < pieces && call.isReady()) {
        call.sendMessage(ProfilerNode.piece(piece(agent, sent)));
        sent++;
        if (sent == pieces) {
          call.halfClose();
        }
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end.complete(status);
    }

    void assertOk() throws Exception {
      Status status = end.get(60, TimeUnit.SECONDS);
      assertEquals(Status.Code.OK, status.getCode(), status::toString);
    }
  }

  @Test
  void uploadsLargerThanTheHeapArriveWholeOnOneNodeEach() throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    try (ProfilerNode one = new ProfilerNode();
        ProfilerNode two = new ProfilerNode();
        SatelliteProcess satellite = inFrontOf("satellite-uploads", one, two)) {
      List<Upload> uploads = new ArrayList<>();
      for (int agent = 0; agent < AGENTS; agent++) {
        channels.add(
            NettyChannelBuilder.forTarget(satellite.address())
                .usePlaintext()
                .directExecutor()
                .build());
        uploads.add(new Upload(channels.get(agent), agent, true));
      }
      List<Integer> sent = standStill(uploads);
      assertTrue(
          Collections.max(sent) < ON_THE_WAY, () -> sent + " pieces left, and none was read");
      one.readOn();
      two.readOn();
      for (Upload upload : uploads) {
        upload.assertOk();
      }
      assertEquals(AGENTS / 2, one.digests().size(), "a node for each, in turn");
      Map<String, String> arrived = new HashMap<>(one.digests());
      arrived.putAll(two.digests());
      assertEquals(
          IntStream.range(0, AGENTS)
              .boxed()
              .collect(Collectors.toMap(agent -> "task-" + agent, agent -> digest(agent, PIECES))),
          arrived);
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  /** How many pieces have left each, once none goes on from one look to the next. */
  private static List<Integer> standStill(List<Upload> uploads) {
    AtomicReference<List<Integer>> before = new AtomicReference<>();
    return Eventually.until(
        "uploads that stand still",
        () -> uploads.stream().map(upload -> upload.sent).toList(),
        now -> now.equals(before.getAndSet(now)) && !now.contains(0));
  }

  @Test
  void aFailedTaskEndsWithoutAnAnswer() throws Exception {
    ManagedChannel channel = null;
    try (ProfilerNode node = new ProfilerNode();
        SatelliteProcess satellite = inFrontOf("satellite-failed-task", node)) {
      channel = NettyChannelBuilder.forTarget(satellite.address()).usePlaintext().build();
      Upload upload = new Upload(channel, 0, false);
      upload.assertOk();
      assertEquals(Map.of("task-0", digest(0, 0)), node.digests());
      assertFalse(upload.answered);
    } finally {
      if (channel != null) {
        channel.shutdownNow();
      }
    }
  }

  private static SatelliteProcess inFrontOf(String name, ProfilerNode... nodes) {
    List<String> addresses = List.of(nodes).stream().map(ProfilerNode::address).toList();
    SatelliteProcess satellite =
        SatelliteProcess.inFrontOf(
            name, Map.of("SATELLITE_GRPC_CLIENT", String.join(",", addresses)));
    // It is ready before it is connected, and until then no node has its turn.
    Eventually.until(
        "connections to " + addresses,
        () -> satellite.metrics().sum("satellite_nodes_up"),
        up -> up == nodes.length);
    return satellite;
  }
}

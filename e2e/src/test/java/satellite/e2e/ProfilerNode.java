package satellite.e2e;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A node that takes JFR files by the rules of OAP 10.2 and later: the metadata is answered if the
 * agent's task succeeded, the pieces of the file follow. It reads them only while it may.
 */
final class ProfilerNode implements AutoCloseable {

  static final MethodDescriptor<UnknownFieldSet, UnknownFieldSet> COLLECT =
      MethodDescriptor.newBuilder(new FieldsOnTheWire(), new FieldsOnTheWire())
          .setFullMethodName("skywalking.v10.AsyncProfilerTask/collect")
          .setType(MethodType.BIDI_STREAMING)
          .build();

  /** No generated class of these messages is released. */
  private static final class FieldsOnTheWire
      implements MethodDescriptor.Marshaller<UnknownFieldSet> {
    @Override
    public InputStream stream(UnknownFieldSet message) {
      return new ByteArrayInputStream(message.toByteArray());
    }

    @Override
    public UnknownFieldSet parse(InputStream bytes) {
      try {
        return UnknownFieldSet.parseFrom(bytes);
      } catch (InvalidProtocolBufferException e) {
        throw Status.INTERNAL.withCause(e).asRuntimeException();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The first message of an agent: service [1], instance [2], task [3], status [4], size [5]. */
  static UnknownFieldSet metadata(String task, boolean succeeded, int size) {
    UnknownFieldSet metadata =
        UnknownFieldSet.newBuilder()
            .mergeField(1, bytes(ByteString.copyFromUtf8("shop")))
            .mergeField(2, bytes(ByteString.copyFromUtf8("shop-1")))
            .mergeField(3, bytes(ByteString.copyFromUtf8(task)))
            .mergeField(4, Field.newBuilder().addVarint(succeeded ? 0 : 1).build())
            .mergeField(5, Field.newBuilder().addVarint(size).build())
            .build();
    return UnknownFieldSet.newBuilder().mergeField(1, bytes(metadata.toByteString())).build();
  }

  static UnknownFieldSet piece(ByteString content) {
    return UnknownFieldSet.newBuilder().mergeField(3, bytes(content)).build();
  }

  private static Field bytes(ByteString value) {
    return Field.newBuilder().addLengthDelimited(value).build();
  }

  private final Server server;
  private final Map<String, String> digests = new ConcurrentHashMap<>();
  private final Set<Upload> uploads = ConcurrentHashMap.newKeySet();
  private volatile boolean reads;

  ProfilerNode() {
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(
                  ServerServiceDefinition.builder("skywalking.v10.AsyncProfilerTask")
                      .addMethod(COLLECT, this::start)
                      .build())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** SHA-256 of each complete file, by task. */
  Map<String, String> digests() {
    return Map.copyOf(digests);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** From now on pieces are read as they come. */
  void readOn() {
    reads = true;
    uploads.forEach(upload -> upload.call.request(1));
  }

  private ServerCall.Listener<UnknownFieldSet> start(
      ServerCall<UnknownFieldSet, UnknownFieldSet> call, Metadata headers) {
    call.request(1);
    return new Upload(call);
  }

  private final class Upload extends ServerCall.Listener<UnknownFieldSet> {
    private final ServerCall<UnknownFieldSet, UnknownFieldSet> call;
    private String task;
    private final MessageDigest file = sha256();

    Upload(ServerCall<UnknownFieldSet, UnknownFieldSet> call) {
      this.call = call;
    }

    @Override
    public void onMessage(UnknownFieldSet message) {
      if (task == null) {
        hear(message);
      } else {
        file.update(message.getField(3).getLengthDelimitedList().get(0).asReadOnlyByteBuffer());
        call.request(1);
      }
    }

    private void hear(UnknownFieldSet message) {
      UnknownFieldSet metadata;
      try {
        metadata = UnknownFieldSet.parseFrom(message.getField(1).getLengthDelimitedList().get(0));
      } catch (InvalidProtocolBufferException e) {
        call.close(Status.UNKNOWN, new Metadata());
        return;
      }
      task = metadata.getField(3).getLengthDelimitedList().get(0).toStringUtf8();
      boolean failed = metadata.getField(4).getVarintList().contains(1L);
      if (failed) {
        // A failed task is not answered.
        call.request(1);
        return;
      }
      call.sendHeaders(new Metadata());
      call.sendMessage(UnknownFieldSet.getDefaultInstance());
      uploads.add(this);
      if (reads) {
        call.request(1);
      }
    }

    @Override
    public void onHalfClose() {
      digests.put(task, HexFormat.of().formatHex(file.digest()));
      call.close(Status.OK, new Metadata());
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}

package satellite.pipes.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.RejectedExecutionException;

/**
 * What a client may send ahead: HTTP/2 flow control (RFC 9113, section 5.2) of one connection, in
 * front of the one that gRPC uses. It knows where in a message each stream is, from the five bytes
 * in front of each (length-prefixed messages, "gRPC over HTTP2").
 *
 * <ul>
 *   <li>A message that is longer than {@value #SMALL_BYTES} bytes has to have its place in the
 *       {@link ReceiveBudget}; until then its stream's window is not opened again, and no other
 *       stream is held up.
 *   <li>A stream that is busy, and whose reads are coalesced, gets a window of {@value
 *       #BUSY_WINDOW_BYTES} bytes, as far as the budget has some: what comes in a pause must fit.
 * </ul>
 *
 * On the connection's event loop.
 */
final class InboundFlowControl implements Http2LocalFlowController {

  /** What a client may send ahead on each stream. */
  static final int WINDOW_BYTES = 64 << 10;

  /** A message of so much fits into a window that has just not been opened again. */
  static final int SMALL_BYTES = 30 << 10;

  static final int BUSY_WINDOW_BYTES = 256 << 10;

  /** On a stream that is busy so much comes first. */
  private static final int BUSY_AFTER_BYTES = 128 << 10;

  private static final int HEADER_BYTES = 5;

  private final Http2LocalFlowController gRpcs;
  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private final ReceiveBudget budget;
  private final int maxMessageBytes;
  private final ReadCoalescing reads;
  private final ChannelHandlerContext context;
  private boolean isConnectionWide;
  private int busyStreams;

  private InboundFlowControl(
      ChannelHandlerContext context,
      Http2Connection connection,
      ReceiveBudget budget,
      int maxMessageBytes,
      ReadCoalescing reads) {
    this.context = context;
    this.gRpcs = connection.local().flowController();
    this.connection = connection;
    this.key = connection.newKey();
    this.budget = budget;
    this.maxMessageBytes = maxMessageBytes;
    this.reads = reads;
  }

  /** Takes its place when gRPC has made the connection's, with the first that is read. */
  static ChannelInboundHandlerAdapter install(
      ReceiveBudget budget, int maxMessageBytes, ReadCoalescing reads) {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext context, Object message) {
        Http2ConnectionHandler gRpc = context.pipeline().get(Http2ConnectionHandler.class);
        if (gRpc != null) {
          of(context.pipeline().context(gRpc), gRpc, budget, maxMessageBytes, reads);
          context.pipeline().remove(this);
        }
        context.fireChannelRead(message);
      }
    };
  }

  /** For streams from now on: of others it could not know where a message begins. */
  private static void of(
      ChannelHandlerContext context,
      Http2ConnectionHandler gRpc,
      ReceiveBudget budget,
      int maxMessageBytes,
      ReadCoalescing reads) {
    Http2Connection connection = gRpc.connection();
    InboundFlowControl control =
        new InboundFlowControl(context, connection, budget, maxMessageBytes, reads);
    connection.local().flowController(control);
    connection.addListener(
        new Http2ConnectionAdapter() {
          @Override
          public void onStreamAdded(Http2Stream stream) {
            stream.setProperty(control.key, control.new Progress(stream));
          }

          @Override
          public void onStreamClosed(Http2Stream stream) {
            Progress progress = stream.removeProperty(control.key);
            if (progress != null) {
              progress.close();
            }
          }
        });
  }

  /** Of one stream. */
  private final class Progress {
    private final Http2Stream stream;

    /** Of the header that is being read. */
    private int headerBytes;

    private int length;

    /** Of the message that is being read. */
    private int left;

    private long received;

    /** The message that waits, or has its place; null for a small one. */
    private ReceiveBudget.Place place;

    /** Read of it, and the window not yet opened for it. */
    private int withheld;

    private boolean isBusy;

    Progress(Http2Stream stream) {
      this.stream = stream;
    }

    void read(ByteBuf data) {
      received += data.readableBytes();
      int at = data.readerIndex();
      int end = data.writerIndex();
      while (at < end) {
        if (left > 0) {
          int bytes = Math.min(left, end - at);
          at += bytes;
          left -= bytes;
          if (left == 0) {
            leave();
          }
        } else {
          // The first byte says whether it is compressed.
          length = headerBytes == 0 ? 0 : length << 8 | data.getUnsignedByte(at);
          at++;
          if (++headerBytes == HEADER_BYTES) {
            headerBytes = 0;
            begin();
          }
        }
      }
    }

    private void begin() {
      left = length;
      // One that is too long ends the stream.
      if (length > SMALL_BYTES && length <= maxMessageBytes) {
        place = budget.take(length, this::goOn);
      }
    }

    /** It goes on to the call that takes it. */
    private void leave() {
      if (place != null) {
        place.giveBack();
        place = null;
      }
    }

    boolean waits() {
      return place != null && !place.isTaken();
    }

    /** Any thread. */
    private void goOn() {
      try {
        context.executor().execute(this::placed);
      } catch (RejectedExecutionException e) {
        // The event loop has ended, and with it the connection.
      }
    }

    private void placed() {
      if (place == null || !place.isTaken() || withheld == 0) {
        return;
      }
      int bytes = withheld;
      withheld = 0;
      try {
        gRpcs.consumeBytes(stream, bytes);
        context.channel().flush();
      } catch (Http2Exception e) {
        context.fireExceptionCaught(e);
      }
    }

    void close() {
      leave();
      if (isBusy) {
        budget.widened(WINDOW_BYTES - BUSY_WINDOW_BYTES);
        if (--busyStreams == 0) {
          reads.window(WINDOW_BYTES);
        }
      }
    }
  }

  @Override
  public void receiveFlowControlledFrame(
      Http2Stream stream, ByteBuf data, int padding, boolean endOfStream) throws Http2Exception {
    gRpcs.receiveFlowControlledFrame(stream, data, padding, endOfStream);
    if (stream == null) {
      return;
    }
    Progress progress = stream.getProperty(key);
    if (progress != null) {
      progress.read(data);
    }
  }

  @Override
  public boolean consumeBytes(Http2Stream stream, int bytes) throws Http2Exception {
    // There is none for frames of a stream that has ended.
    Progress progress = stream == null ? null : stream.getProperty(key);
    if (progress != null) {
      if (progress.waits()) {
        progress.withheld += bytes;
        return false;
      }
      if (!progress.isBusy && progress.received > BUSY_AFTER_BYTES && reads.isCoalescing()) {
        widen(progress);
      }
    }
    return gRpcs.consumeBytes(stream, bytes);
  }

  private void widen(Progress progress) throws Http2Exception {
    int more = BUSY_WINDOW_BYTES - WINDOW_BYTES;
    progress.received = 0;
    if (!budget.widened(more)) {
      // Pauses are for windows that what comes meanwhile fits into.
      reads.window(WINDOW_BYTES);
      return;
    }
    progress.isBusy = true;
    busyStreams++;
    gRpcs.incrementWindowSize(progress.stream, more);
    reads.window(BUSY_WINDOW_BYTES);
    if (!isConnectionWide) {
      // It bounds nothing, as gRPC opens it again for whatever comes.
      isConnectionWide = true;
      gRpcs.incrementWindowSize(connection.connectionStream(), more);
    }
  }

  // ---- the rest is gRPC's

  @Override
  public void channelHandlerContext(ChannelHandlerContext context) throws Http2Exception {
    gRpcs.channelHandlerContext(context);
  }

  @Override
  public void initialWindowSize(int bytes) throws Http2Exception {
    gRpcs.initialWindowSize(bytes);
  }

  @Override
  public int initialWindowSize() {
    return gRpcs.initialWindowSize();
  }

  @Override
  public int initialWindowSize(Http2Stream stream) {
    return gRpcs.initialWindowSize(stream);
  }

  @Override
  public int windowSize(Http2Stream stream) {
    return gRpcs.windowSize(stream);
  }

  @Override
  public void incrementWindowSize(Http2Stream stream, int bytes) throws Http2Exception {
    gRpcs.incrementWindowSize(stream, bytes);
  }

  @Override
  public Http2LocalFlowController frameWriter(Http2FrameWriter writer) {
    gRpcs.frameWriter(writer);
    return this;
  }

  @Override
  public int unconsumedBytes(Http2Stream stream) {
    return gRpcs.unconsumedBytes(stream);
  }
}

package satellite.discovery;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.xbill.DNS.Message;
import org.xbill.DNS.io.TcpIoClient;

/** A connection for each question that needs TCP; closed with its answer or after its time. */
final class DnsTcp implements TcpIoClient {

  @Override
  public CompletableFuture<byte[]> sendAndReceiveTcp(
      InetSocketAddress local,
      InetSocketAddress remote,
      Message query,
      byte[] data,
      Duration timeout) {
    var answer = new CompletableFuture<byte[]>();
    try {
      var channel = AsynchronousSocketChannel.open();
      answer.whenComplete((bytes, problem) -> close(channel));
      answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
      ByteBuffer question = ByteBuffer.allocate(2 + data.length);
      question.putShort((short) data.length).put(data).flip();
      var exchange = new Exchange(channel, answer);
      channel.connect(remote, null, exchange.then(connected -> exchange.write(question)));
    } catch (IOException | RuntimeException e) {
      answer.completeExceptionally(e);
    }
    return answer;
  }

  private record Exchange(AsynchronousSocketChannel channel, CompletableFuture<byte[]> answer) {

    void write(ByteBuffer question) {
      channel.write(
          question,
          null,
          then(
              written -> {
                if (question.hasRemaining()) {
                  write(question);
                } else {
                  read(ByteBuffer.allocate(2), this::readBody);
                }
              }));
    }

    private void readBody(ByteBuffer length) {
      read(ByteBuffer.allocate(length.getShort() & 0xffff), body -> answer.complete(body.array()));
    }

    private void read(ByteBuffer into, Consumer<ByteBuffer> whole) {
      channel.read(
          into,
          null,
          then(
              read -> {
                if (read < 0) {
                  answer.completeExceptionally(new EOFException("closed the connection"));
                } else if (into.hasRemaining()) {
                  read(into, whole);
                } else {
                  whole.accept(into.flip());
                }
              }));
    }

    <T> CompletionHandler<T, Void> then(Consumer<T> next) {
      return new CompletionHandler<>() {
        @Override
        public void completed(T result, Void nothing) {
          try {
            next.accept(result);
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        }

        @Override
        public void failed(Throwable problem, Void nothing) {
          answer.completeExceptionally(problem);
        }
      };
    }
  }

  private static void close(AsynchronousSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // It is given up in any case.
    }
  }
}

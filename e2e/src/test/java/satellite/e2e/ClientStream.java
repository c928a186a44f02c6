package satellite.e2e;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** A stream that a client sends on, as fast as the receiver takes the messages. One thread. */
final class ClientStream<Q> {

  private final CompletableFuture<Void> answered = new CompletableFuture<>();
  private final Semaphore ready = new Semaphore(0);
  private ClientCallStreamObserver<Q> call;

  private ClientStream() {}

  static <Q, A> ClientStream<Q> open(Function<StreamObserver<A>, StreamObserver<Q>> method) {
    ClientStream<Q> stream = new ClientStream<>();
    method.apply(stream.<A>observer());
    return stream;
  }

  void send(Q message) {
    while (!call.isReady() && !answered.isDone()) {
      awaitReady();
    }
    call.onNext(message);
  }

  /** Says that nothing follows, and waits for the answer to the whole. */
  void end() {
    call.onCompleted();
    try {
      answered.get(SampleSender.ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("the stream was answered with " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw new AssertionError("no answer within " + SampleSender.ANSWER_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private void awaitReady() {
    try {
      if (!ready.tryAcquire(SampleSender.ANSWER_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("not taken within " + SampleSender.ANSWER_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private <A> ClientResponseObserver<Q, A> observer() {
    return new ClientResponseObserver<>() {
      @Override
      public void beforeStart(ClientCallStreamObserver<Q> stream) {
        call = stream;
        stream.setOnReadyHandler(ready::release);
      }

      @Override
      public void onNext(A answer) {}

      @Override
      public void onError(Throwable error) {
        answered.completeExceptionally(error);
        ready.release();
      }

      @Override
      public void onCompleted() {
        answered.complete(null);
        ready.release();
      }
    };
  }
}

package satellite.pipes.server;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;

/** Whether a part of a call's next message is there. On the event loop of its connection. */
final class InboundMessageTracer extends ServerStreamTracer {

  private static final Context.Key<InboundMessageTracer> KEY = Context.key("inbound-message");

  static final Factory OF_EACH_CALL =
      new Factory() {
        @Override
        public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
          return new InboundMessageTracer();
        }
      };

  private boolean inPart;

  /** Of the call that is being started. */
  static InboundMessageTracer current() {
    return KEY.get();
  }

  boolean isInPart() {
    return inPart;
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(KEY, this);
  }

  /** Its length is known. */
  @Override
  public void inboundMessage(int index) {
    inPart = true;
  }

  @Override
  public void inboundMessageRead(int index, long wireBytes, long bytes) {
    inPart = false;
  }
}

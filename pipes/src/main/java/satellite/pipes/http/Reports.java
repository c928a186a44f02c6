package satellite.pipes.http;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import satellite.pipes.Admission;
import satellite.pipes.ReportReceiver;
import satellite.pipes.json.JsonMessages;

/** The requests of one {@link Route}: their bodies become messages of its pipe. One thread. */
final class Reports implements Taker {

  private static final String FULL = ": the queue is full, try later";

  private final Route route;
  private final ReportReceiver receiver;

  /** Made for the first body: who speaks no HTTP shall not pay for it, see RATIONALE.md. */
  private JsonMessages json;

  Reports(Route route, ReportReceiver receiver) {
    this.route = route;
    this.receiver = receiver;
  }

  @Override
  public void take(FullHttpRequest request, Consumer<Answer> answer) {
    answer.accept(route.body() == Route.Body.OTLP ? otlp(request) : json(request));
  }

  private Answer json(FullHttpRequest request) {
    if (json == null) {
      json = route.json();
    }
    var body = new ByteBufInputStream(request.content());
    List<byte[]> messages = new ArrayList<>();
    int useless = 0;
    try {
      for (DynamicMessage message :
          route.body() == Route.Body.ARRAY ? json.array(body) : json.one(body)) {
        if (tells(message)) {
          messages.add(message.toByteArray());
        } else {
          useless++;
        }
      }
    } catch (JsonMessages.Malformed e) {
      return malformed(e.getMessage());
    }
    Answer answer = answer(receiver.take(messages));
    if (useless > 0 && answer.status().equals(HttpResponseStatus.OK)) {
      receiver.useless("no_" + String.join("_or_", route.mustBePositive()), useless);
    }
    return answer;
  }

  private boolean tells(DynamicMessage message) {
    for (String name : route.mustBePositive()) {
      FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
      if (((Number) message.getField(field)).longValue() <= 0) {
        return false;
      }
    }
    return true;
  }

  private Answer answer(Admission admission) {
    if (admission instanceof Admission.Malformed malformed) {
      return Answer.error(HttpResponseStatus.BAD_REQUEST, why(malformed));
    }
    return admission instanceof Admission.Full
        ? Answer.error(HttpResponseStatus.SERVICE_UNAVAILABLE, route.path() + FULL)
        : Answer.accepted();
  }

  private String why(Admission.Malformed malformed) {
    String which = route.body() == Route.Body.ARRAY ? "$[" + malformed.index() + "]: " : "";
    return route.path() + ": " + which + malformed.why();
  }

  private Answer malformed(String where) {
    receiver.refusedAsMalformed(1);
    return Answer.error(HttpResponseStatus.BAD_REQUEST, route.path() + ": " + where);
  }

  /** As the OTLP specification says: answered in the encoding of the request. */
  private Answer otlp(FullHttpRequest request) {
    CharSequence type = HttpUtil.getMimeType(request);
    if (type != null && Answer.JSON.contentEquals(type)) {
      return json(request);
    }
    if (type == null || !Answer.PROTOBUF.contentEquals(type)) {
      return Answer.error(
          HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
          route.path()
              + ": Content-Type must be "
              + Answer.PROTOBUF
              + " or "
              + Answer.JSON
              + ", found "
              + request.headers().get(HttpHeaderNames.CONTENT_TYPE));
    }
    Admission admission = receiver.take(List.of(ByteBufUtil.getBytes(request.content())));
    HttpResponseStatus status = answer(admission).status();
    byte[] body =
        admission instanceof Admission.Malformed malformed
            ? status(why(malformed))
            : admission instanceof Admission.Full ? status(route.path() + FULL) : new byte[0];
    return Answer.of(status, Answer.PROTOBUF, body);
  }

  /** A google.rpc.Status with nothing but its message [2]. */
  private static byte[] status(String message) {
    var bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeString(2, message);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}

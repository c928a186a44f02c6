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
import satellite.pipes.json.JsonMessages;

/** The requests of one {@link Route}: their bodies become messages of its pipe. One thread. */
final class ReportHandler implements RequestHandler {

  private final Route route;
  private final ReportReceiver receiver;

  /** Made for the first body: who speaks no HTTP shall not pay for it, see RATIONALE.md. */
  private JsonMessages json;

  ReportHandler(Route route, ReportReceiver receiver) {
    this.route = route;
    this.receiver = receiver;
  }

  @Override
  public void handle(FullHttpRequest request, Consumer<Answer> answer) {
    if (route.body() == Route.Body.OTLP && !isJson(request)) {
      otlp(request, answer);
    } else {
      json(request, answer);
    }
  }

  private static boolean isJson(FullHttpRequest request) {
    CharSequence type = HttpUtil.getMimeType(request);
    return type != null && Answer.JSON.contentEquals(type);
  }

  private void json(FullHttpRequest request, Consumer<Answer> answer) {
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
      receiver.refusedAsMalformed(1);
      answer.accept(
          Answer.error(HttpResponseStatus.BAD_REQUEST, route.path() + ": " + e.getMessage()));
      return;
    }
    int dropped = useless;
    receiver
        .take(messages)
        .thenAccept(
            admission -> {
              if (dropped > 0 && admission.isTaken()) {
                receiver.discarded("no_" + String.join("_or_", route.mustBePositive()), dropped);
              }
              answer.accept(answer(admission));
            });
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

  private Answer answer(ReportResult admission) {
    return admission instanceof ReportResult.Accepted
        ? Answer.accepted()
        : Answer.error(status(admission), words(admission));
  }

  private static HttpResponseStatus status(ReportResult admission) {
    if (admission instanceof ReportResult.Malformed) {
      return HttpResponseStatus.BAD_REQUEST;
    } else if (admission instanceof ReportResult.Refused refused) {
      return status(refused);
    }
    return admission instanceof ReportResult.Accepted
        ? HttpResponseStatus.OK
        : HttpResponseStatus.SERVICE_UNAVAILABLE;
  }

  /** Of these nobody sends the same again: OpenTelemetry's senders do so after 502, 503, 504. */
  private static HttpResponseStatus status(ReportResult.Refused refused) {
    return switch (refused.reason()) {
      case "invalid_argument", "out_of_range", "malformed" -> HttpResponseStatus.BAD_REQUEST;
      case "too_large" -> HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE;
      case "unimplemented" -> HttpResponseStatus.NOT_IMPLEMENTED;
      default -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
    };
  }

  private String words(ReportResult admission) {
    String why = "";
    if (admission instanceof ReportResult.Full full) {
      why =
          full.onDisk()
              ? "the disk is full or has failed, try later"
              : "the queue is full, try later";
    } else if (admission instanceof ReportResult.Malformed malformed) {
      String which = route.body() == Route.Body.ARRAY ? "$[" + malformed.index() + "]: " : "";
      why = which + malformed.why();
    } else if (admission instanceof ReportResult.Refused refused) {
      why = refused.reason() + ": " + refused.detail();
    } else if (admission instanceof ReportResult.Failed failed) {
      why = failed.reason() + ": " + failed.detail();
    }
    return route.path() + ": " + why;
  }

  /** As the OTLP specification says: answered in the encoding of the request. */
  private void otlp(FullHttpRequest request, Consumer<Answer> answer) {
    CharSequence type = HttpUtil.getMimeType(request);
    if (type == null || !Answer.PROTOBUF.contentEquals(type)) {
      answer.accept(
          Answer.error(
              HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
              route.path()
                  + ": Content-Type must be "
                  + Answer.PROTOBUF
                  + " or "
                  + Answer.JSON
                  + ", found "
                  + request.headers().get(HttpHeaderNames.CONTENT_TYPE)));
      return;
    }
    receiver
        .take(List.of(ByteBufUtil.getBytes(request.content())))
        .thenAccept(
            admission -> {
              boolean accepted = admission instanceof ReportResult.Accepted;
              byte[] body = accepted ? new byte[0] : error(words(admission));
              answer.accept(Answer.of(status(admission), Answer.PROTOBUF, body));
            });
  }

  /** A google.rpc.Status with nothing but its message [2]. */
  private static byte[] error(String message) {
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

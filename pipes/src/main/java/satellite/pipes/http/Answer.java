package satellite.pipes.http;

import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;

import com.google.gson.JsonObject;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/**
 * What a request is answered with.
 *
 * @param allow methods that the path takes; null unless the status says so
 */
record Answer(HttpResponseStatus status, String type, byte[] body, String allow) {

  static final String JSON = "application/json";
  static final String PROTOBUF = "application/x-protobuf";

  /** In seconds: about the time in which a batch leaves. */
  private static final String RETRY_AFTER = "1";

  static Answer of(HttpResponseStatus status, String type, byte[] body) {
    return new Answer(status, type, body, null);
  }

  /** OAP's own: a Commands message without commands. */
  static Answer accepted() {
    return of(HttpResponseStatus.OK, JSON, "{}".getBytes(StandardCharsets.UTF_8));
  }

  static Answer error(HttpResponseStatus status, String message) {
    JsonObject error = new JsonObject();
    error.addProperty("message", message);
    return of(status, JSON, error.toString().getBytes(StandardCharsets.UTF_8));
  }

  Answer allowing(String methods) {
    return new Answer(status, type, body, methods);
  }

  FullHttpResponse response() {
    var response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    response.headers().set(CONTENT_TYPE, type);
    HttpUtil.setContentLength(response, body.length);
    if (status.equals(HttpResponseStatus.SERVICE_UNAVAILABLE)) {
      response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_AFTER);
    }
    if (status.equals(HttpResponseStatus.UNAUTHORIZED)) {
      response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    if (allow != null) {
      response.headers().set(HttpHeaderNames.ALLOW, allow);
    }
    return response;
  }
}

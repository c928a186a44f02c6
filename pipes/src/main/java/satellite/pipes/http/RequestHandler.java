package satellite.pipes.http;

import io.netty.handler.codec.http.FullHttpRequest;
import java.util.function.Consumer;

/** Who takes the requests of a path. Runs on the one event loop for HTTP, so it must not block. */
interface RequestHandler {

  /** {@code answer} is told once, on any thread; the request is the caller's to release. */
  void handle(FullHttpRequest request, Consumer<Answer> answer);
}

package satellite.pipes.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.compression.DecompressionException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContentDecompressor;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.cors.CorsConfig;
import io.netty.handler.codec.http.cors.CorsConfigBuilder;
import io.netty.handler.codec.http.cors.CorsHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.transport.AcceptLimit;
import satellite.pipes.transport.AccessToken;
import satellite.pipes.transport.EventLoops;
import satellite.routing.Router;

/**
 * {@code http-server}: the port for browsers, scripts and OTLP over HTTP. Bodies become the same
 * messages that come over gRPC, and go into the same pipes. Its event loop is its own, so that
 * reading JSON delays nobody else.
 */
public final class HttpServer {

  private static final System.Logger LOG = System.getLogger("http");
  private static final List<String> ZIPKIN = List.of("/api/v2/spans", "/api/v1/spans");

  /** Bodies of the largest size that may be on their way in at a time. */
  private static final int BODIES = 8;

  private static final String BEARER = "Bearer ";
  private static final String[] CORS_HEADERS = {
    "content-type", "content-encoding", AccessToken.HEADER, "authorization", "sw8"
  };
  private static final int CORS_MAX_AGE_SECONDS = 3600;

  private final HttpConfig config;
  private final EventLoops transport;
  private final SslContext tls;
  private final AcceptLimit acceptLimit;
  private final CorsConfig cors;
  private final Map<String, RequestHandler> handlers = new TreeMap<>();
  private final AtomicLong bodies = new AtomicLong();
  private final AtomicInteger busy = new AtomicInteger();
  private final Map<Integer, LongAdder> answers = new ConcurrentHashMap<>();
  private volatile boolean draining;
  private volatile boolean stopping;
  private Channel listening;

  /**
   * @param tls null for plaintext
   * @param timeout of a node's answer to Zipkin spans
   * @param executor runs what is not done on the event loop
   */
  public HttpServer(
      HttpConfig config,
      ServerTls tls,
      List<Pipe> pipes,
      Router<?> router,
      EventLoops transport,
      Duration timeout,
      Executor executor) {
    this.config = config;
    this.transport = transport;
    this.tls = tls != null && config.tls() ? tls.forHttp() : null;
    this.acceptLimit = AcceptLimit.ofCount(config.maxConnections());
    this.cors = cors(config.corsOrigins());
    for (Route route : Route.TABLE) {
      var protocol = Protocols.of(route.method());
      pipes.stream()
          .filter(pipe -> pipe.config().receiver().equals(protocol.receiver().pluginName()))
          .findFirst()
          .ifPresent(
              pipe ->
                  handlers.put(
                      route.path(), new ReportHandler(route, new ReportReceiver(protocol, pipe))));
    }
    RequestHandler zipkin = ZipkinSpans.to(router, config.zipkinPort(), timeout, executor);
    ZIPKIN.forEach(path -> handlers.put(path, zipkin));
  }

  private static CorsConfig cors(List<String> origins) {
    CorsConfigBuilder cors =
        origins.contains("*")
            ? CorsConfigBuilder.forAnyOrigin()
            : CorsConfigBuilder.forOrigins(origins.toArray(String[]::new)).shortCircuit();
    // Beacons of a page that is left are sent with credentials, whether there are any or not.
    return cors.allowCredentials()
        .allowedRequestMethods(HttpMethod.POST)
        .allowedRequestHeaders(CORS_HEADERS)
        .maxAge(CORS_MAX_AGE_SECONDS)
        .build();
  }

  /** Binds; from now on requests come. */
  public void start() throws IOException {
    var bootstrap =
        new ServerBootstrap()
            .group(transport.acceptor(), transport.http())
            .channelFactory(() -> acceptLimit.on(transport.newServerChannel()))
            // A request at a time: the next is read when the one before it is answered.
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(new Connection());
    var address =
        config.host().isEmpty()
            ? new InetSocketAddress(config.port())
            : new InetSocketAddress(config.host(), config.port());
    var bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    listening = bound.channel();
  }

  /** The port bound. */
  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Connections now open. */
  public int connections() {
    return acceptLimit.connections();
  }

  /** Requests answered, by status code. */
  public Map<Integer, Long> answers() {
    Map<Integer, Long> counts = new TreeMap<>();
    answers.forEach((status, count) -> counts.put(status, count.sum()));
    return counts;
  }

  /** Every connection ends with its next answer, so that its client looks for another place. */
  public void drain() {
    draining = true;
  }

  /**
   * No new connections, then no new requests; returns when those under way are answered, or when
   * the time is over. Works without a start.
   */
  public void stop(long holdMillis) throws InterruptedException {
    drain();
    stopping = true;
    if (listening != null) {
      listening.close().awaitUninterruptibly();
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(holdMillis);
    while (busy.get() > 0 && System.nanoTime() - deadline < 0) {
      Thread.sleep(5);
    }
  }

  @Override
  public String toString() {
    return config.host() + ":" + port();
  }

  /** What stands on a connection, in the order in which bytes come in. */
  private final class Connection extends ChannelInitializer<Channel> {
    private final Counting counting = new Counting();
    private final Requests requests = new Requests();

    @Override
    protected void initChannel(Channel channel) {
      var pipeline = channel.pipeline();
      pipeline.addLast(
          new ReadTimeoutHandler(config.idleTimeout().toMillis(), TimeUnit.MILLISECONDS));
      if (tls != null) {
        pipeline.addLast(tls.newHandler(channel.alloc()));
      }
      pipeline.addLast(
          new HttpServerCodec(),
          counting,
          new HttpContentDecompressor(config.maxRequestBytes()),
          new BodyBudget(bodies, (long) BODIES * config.maxRequestBytes()),
          new Body(config.maxRequestBytes()),
          new RequestSerializer(),
          new CorsHandler(cors),
          requests);
    }
  }

  /** Counts answers, whoever gave them. */
  @Sharable
  private final class Counting extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof FullHttpResponse response && !isInterim(response)) {
        answers.computeIfAbsent(response.status().code(), c -> new LongAdder()).increment();
      }
      context.write(message, promise);
    }
  }

  /** 100 Continue. */
  private static boolean isInterim(FullHttpResponse response) {
    return response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
  }

  /** Collects a body. */
  private static final class Body extends HttpObjectAggregator {
    private final int maxBytes;

    Body(int maxBytes) {
      super(maxBytes, true);
      this.maxBytes = maxBytes;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
      LingeringClose.write(context, tooLarge(maxBytes));
    }
  }

  private static Answer tooLarge(int maxBytes) {
    return Answer.error(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "a request may have " + maxBytes + " bytes at most (max_request_bytes)");
  }

  /** Finds who takes a request. */
  @Sharable
  private final class Requests extends SimpleChannelInboundHandler<FullHttpRequest> {

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      boolean keepAlive = HttpUtil.isKeepAlive(request);
      Answer refusal = refusal(request);
      if (refusal != null) {
        write(context, refusal, keepAlive);
        return;
      }
      busy.incrementAndGet();
      Consumer<Answer> answered =
          answer -> {
            write(context, answer, keepAlive);
            busy.decrementAndGet();
          };
      try {
        handlers.get(path(request)).handle(request, answered);
      } catch (RuntimeException e) {
        // A bug: whatever it hit must not take the sender's connection down.
        LOG.log(System.Logger.Level.ERROR, path(request) + ": " + e, e);
        answered.accept(Answer.error(HttpResponseStatus.INTERNAL_SERVER_ERROR, "Satellite failed"));
      }
    }

    private Answer refusal(FullHttpRequest request) {
      if (!request.decoderResult().isSuccess()) {
        return Answer.error(
            HttpResponseStatus.BAD_REQUEST,
            "not an HTTP request: " + request.decoderResult().cause().getMessage());
      }
      if (stopping) {
        return Answer.error(HttpResponseStatus.SERVICE_UNAVAILABLE, "Satellite is stopping");
      }
      String path = path(request);
      if (!handlers.containsKey(path)) {
        return Answer.error(
            HttpResponseStatus.NOT_FOUND,
            "nothing is taken at " + path + "; possible: " + String.join(", ", handlers.keySet()));
      }
      if (!request.method().equals(HttpMethod.POST)) {
        return Answer.error(
                HttpResponseStatus.METHOD_NOT_ALLOWED,
                path + " takes POST, found " + request.method())
            .allowing("POST, OPTIONS");
      }
      if (!config.token().admits(token(request))) {
        return Answer.error(
            HttpResponseStatus.UNAUTHORIZED,
            "the token is missing or wrong; send it as Authentication or as Authorization: Bearer");
      }
      String encoding = request.headers().get(HttpHeaderNames.CONTENT_ENCODING);
      if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
        return Answer.error(
            HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
            "Content-Encoding must be gzip or deflate, found " + encoding);
      }
      return null;
    }

    private static String path(FullHttpRequest request) {
      return new QueryStringDecoder(request.uri()).rawPath();
    }

    private static String token(FullHttpRequest request) {
      String bearer = request.headers().get(HttpHeaderNames.AUTHORIZATION);
      return bearer != null && bearer.regionMatches(true, 0, BEARER, 0, BEARER.length())
          ? bearer.substring(BEARER.length())
          : request.headers().get(AccessToken.HEADER);
    }

    private void write(ChannelHandlerContext context, Answer answer, boolean wanted) {
      boolean keepAlive = wanted && !draining;
      FullHttpResponse response = answer.response();
      HttpUtil.setKeepAlive(response, keepAlive);
      var written = context.writeAndFlush(response);
      if (!keepAlive) {
        written.addListener(ChannelFutureListener.CLOSE);
      }
    }

    /** A connection that broke or idled out; or a body that is not compressed as it says. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (cause instanceof Error) {
        LOG.log(System.Logger.Level.ERROR, "a connection: " + cause, cause);
      }
      if (!(cause instanceof DecompressionException)) {
        context.close();
      } else if (String.valueOf(cause.getMessage()).contains("maximum size")) {
        LingeringClose.write(context, tooLarge(config.maxRequestBytes()));
      } else {
        LingeringClose.write(
            context, Answer.error(HttpResponseStatus.BAD_REQUEST, "body: " + cause.getMessage()));
      }
    }
  }
}

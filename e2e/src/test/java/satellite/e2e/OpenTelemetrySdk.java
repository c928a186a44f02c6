package satellite.e2e;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real OpenTelemetry SDK. It sends several requests for each kind. */
final class OpenTelemetrySdk implements Telemetry {

  /** The protocols of OTLP, by the names that its specification has for them. */
  enum Protocol {
    GRPC,
    HTTP_PROTOBUF
  }

  /** How all of it leaves. */
  private record Exporters(SpanExporter spans, LogRecordExporter logs, MetricExporter metrics) {

    /**
     * @param compression {@code gzip} or {@code none}
     */
    static Exporters of(Protocol protocol, String address, String compression) {
      String url = "http://" + address;
      return switch (protocol) {
        case GRPC ->
            new Exporters(
                OtlpGrpcSpanExporter.builder().setEndpoint(url).setCompression(compression).build(),
                OtlpGrpcLogRecordExporter.builder()
                    .setEndpoint(url)
                    .setCompression(compression)
                    .build(),
                OtlpGrpcMetricExporter.builder()
                    .setEndpoint(url)
                    .setCompression(compression)
                    .build());
        case HTTP_PROTOBUF ->
            new Exporters(
                OtlpHttpSpanExporter.builder()
                    .setEndpoint(url + "/v1/traces")
                    .setCompression(compression)
                    .build(),
                OtlpHttpLogRecordExporter.builder()
                    .setEndpoint(url + "/v1/logs")
                    .setCompression(compression)
                    .build(),
                OtlpHttpMetricExporter.builder()
                    .setEndpoint(url + "/v1/metrics")
                    .setCompression(compression)
                    .build());
      };
    }
  }

  /** Less than the tests send, so that several requests leave. */
  private static final int BATCH = 8;

  private final SdkTracerProvider traces;
  private final SdkLoggerProvider logs;
  private final SdkMeterProvider metrics;
  private final Meter meter;

  OpenTelemetrySdk(String service, Protocol protocol, String address, String compression) {
    Exporters to = Exporters.of(protocol, address, compression);
    // Spans and logs are of service.name, what is measured of host.name.
    Resource resource =
        Resource.create(
            Attributes.builder().put("service.name", service).put("host.name", service).build());
    traces =
        SdkTracerProvider.builder()
            .setResource(resource)
            .addSpanProcessor(
                BatchSpanProcessor.builder(to.spans).setMaxExportBatchSize(BATCH).build())
            .build();
    logs =
        SdkLoggerProvider.builder()
            .setResource(resource)
            .addLogRecordProcessor(
                BatchLogRecordProcessor.builder(to.logs).setMaxExportBatchSize(BATCH).build())
            .build();
    metrics =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(PeriodicMetricReader.create(to.metrics))
            .build();
    meter = metrics.get("e2e");
  }

  @Override
  public void request(String name) {
    Tracer tracer = traces.get("e2e");
    Instant start = Instant.now();
    Span server =
        tracer.spanBuilder(name).setSpanKind(SpanKind.SERVER).setStartTimestamp(start).startSpan();
    try (Scope inServer = server.makeCurrent()) {
      tracer
          .spanBuilder(name + "/remote")
          .setSpanKind(SpanKind.CLIENT)
          .setStartTimestamp(start.plusMillis(1))
          .startSpan()
          .end(start.plusMillis(4));
    } finally {
      server.end(start.plusMillis(5));
    }
  }

  @Override
  public void log(String text) {
    logs.get("e2e")
        .logRecordBuilder()
        .setSeverity(Severity.INFO)
        .setBody(text)
        .setAttribute(AttributeKey.stringKey("thread"), "main")
        .emit();
  }

  @Override
  public void gauge(String name, double value) {
    meter.gaugeBuilder(name).build().set(value);
  }

  @Override
  public void level(String name, long value) {
    meter.upDownCounterBuilder(name).build().add(value);
  }

  @Override
  public void report() {
    List<CompletableResultCode> answers =
        Stream.of(traces.forceFlush(), logs.forceFlush(), metrics.forceFlush()).toList();
    CompletableResultCode all = CompletableResultCode.ofAll(answers);
    if (!all.join(SampleSender.ANSWER_SECONDS, TimeUnit.SECONDS).isSuccess()) {
      throw new AssertionError("not all was accepted: " + all.getFailureThrowable());
    }
  }

  @Override
  public void close() {
    traces.close();
    logs.close();
    metrics.close();
  }
}

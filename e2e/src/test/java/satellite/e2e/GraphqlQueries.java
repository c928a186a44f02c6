package satellite.e2e;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** What tests ask an OAP, in GraphQL; DURATION is filled in by {@link RealOap#query}. */
final class GraphqlQueries {

  private static final String ALL = "paging: { pageNum: 1, pageSize: 5000 }";

  private GraphqlQueries() {}

  /** One row for each segment. */
  static String segments(String service) {
    return "{ queryBasicTraces(condition: { serviceId: "
        + id(service)
        + ", queryDuration: DURATION, traceState: ALL, queryOrder: BY_START_TIME, "
        + ALL
        + " }) { traces { segmentId traceIds } } }";
  }

  /** Those with a span that failed. */
  static String failedSegments(String service) {
    return segments(service).replace("traceState: ALL", "traceState: ERROR");
  }

  /** What these OAPs know of these traces. */
  static String spans(List<String> traceIds) {
    StringBuilder question = new StringBuilder("{ version ");
    for (int i = 0; i < traceIds.size(); i++) {
      question
          .append("trace" + i + ": queryTrace(traceId: " + quoted(traceIds.get(i)) + ")")
          .append(" { spans { type endpointName peer component layer")
          .append(" refs { parentSegmentId } } } ");
    }
    return question.append("}").toString();
  }

  static String logs(String service) {
    return "{ queryLogs(condition: { serviceId: "
        + id(service)
        + ", queryDuration: DURATION, "
        + ALL
        + " }) { logs { serviceName serviceInstanceName content traceId } } }";
  }

  static String events(String service) {
    return "{ queryEvents(condition: { source: { service: "
        + quoted(service)
        + " }, time: DURATION, "
        + ALL
        + " }) { events { uuid name } } }";
  }

  static String pageErrors(String service) {
    return "{ queryBrowserErrorLogs(condition: { serviceId: "
        + id(service)
        + ", queryDuration: DURATION, "
        + ALL
        + " }) { logs { message } } }";
  }

  static String instances(String service) {
    return "{ listInstances(serviceId: "
        + id(service)
        + ", duration: DURATION) { name language attributes { name value } } }";
  }

  static String services(String layer) {
    return "{ listServices(layer: " + quoted(layer) + ") { name } }";
  }

  static String newProfileTask(String service, String endpoint) {
    return "mutation { createProfileTask(creationRequest: { serviceId: "
        + id(service)
        + ", endpointName: "
        + quoted(endpoint)
        + ", duration: 5, minDurationThreshold: 0,"
        + " dumpPeriod: 20, maxSamplingCount: 5 }) { id errorReason } }";
  }

  static String profileTasks(String service) {
    return "{ getProfileTaskList(serviceId: "
        + id(service)
        + ", endpointName: \"\") { logs { operationType instanceName } } }";
  }

  /** The names of all metrics that match a pattern, measured or not. */
  static String metrics(String names) {
    return "{ listMetrics(regex: " + quoted(names) + ") { name } }";
  }

  /** The segments that were looked at for a task. */
  static String profiledSegments(String task) {
    return "{ getProfileTaskSegments(taskID: "
        + quoted(task)
        + ") { spans { segmentId endpointName } } }";
  }

  /** What was seen on the stack of a segment's thread, from its bottom up, and how often. */
  static String stacks(String segment) {
    return "{ getSegmentsProfileAnalyze(queries: [{ segmentId: "
        + quoted(segment)
        + ", timeRange: { start: 0, end: 4102444800000 } }])"
        + " { trees { elements { codeSignature count } } } }";
  }

  /** A figure of a service, such as {@code sum(service_cpm)}. */
  static String figure(String expression, String service) {
    return figureOf(expression, "serviceName: " + quoted(service));
  }

  static String figure(String expression, String service, String instance) {
    return figureOf(
        expression,
        "serviceName: " + quoted(service) + ", serviceInstanceName: " + quoted(instance));
  }

  private static String figureOf(String expression, String entity) {
    return "{ execExpression(expression: "
        + quoted(expression)
        + ", entity: { "
        + entity
        + ", normal: true }, duration: DURATION) { results { values { value } } } }";
  }

  private static String id(String service) {
    byte[] name = service.getBytes(StandardCharsets.UTF_8);
    return quoted(Base64.getEncoder().encodeToString(name) + ".1");
  }

  private static String quoted(String text) {
    return '"' + text + '"';
  }
}

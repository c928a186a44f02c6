package satellite.e2e;

/** What a program has to report over OTLP, as one service and as a host of the same name. */
interface Telemetry extends AutoCloseable {

  /**
   * A trace of two spans, as of a request that asks another service. They take milliseconds: a span
   * under a microsecond makes OAP 10.1 refuse the whole request that it is in.
   */
  void request(String name);

  void log(String text);

  void gauge(String name, double value);

  /** A sum that can fall. */
  void level(String name, long value);

  /** Sends everything, and returns when all of it was answered. */
  void report();

  @Override
  default void close() {}
}

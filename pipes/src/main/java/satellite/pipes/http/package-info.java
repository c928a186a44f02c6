/** The front for HTTP: REST and OTLP become messages of the pipes, Zipkin spans are handed on. */
package satellite.pipes.http;

/**
 * The packaged program between real peers. Senders are on one side (generated gRPC classes, a Java
 * agent, an Envoy, an OpenTelemetry SDK, a browser), two OAP servers on the other, and each test
 * states a fact that can be read from the OAPs afterwards.
 */
package satellite.e2e;

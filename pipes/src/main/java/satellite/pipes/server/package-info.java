/**
 * The gRPC server: connections and their limits, ages and quotas, and the receivers of its calls.
 */
package satellite.pipes.server;

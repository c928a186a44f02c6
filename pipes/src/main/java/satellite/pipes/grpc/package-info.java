/** The OAP nodes over gRPC: forwarder, pass-through, connections, health checks, own meters. */
package satellite.pipes.grpc;

/** The forwarder into Kafka, for what OAP reads from there. */
package satellite.pipes.kafka;

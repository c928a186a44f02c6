/** From an event to its outcome: queue in, batches out to a forwarder, settled by its answer. */
package satellite.pipes.pipe;

/**
 * The packaged program between senders and nodes that fail on request, with every item followed
 * from its sender to the nodes: what was accepted must not be lost. {@link
 * satellite.e2e.faults.Run} is one Satellite with all that stands around it; the tests are
 * scenarios with a fixed seed, and random rounds.
 */
package satellite.e2e.faults;

/**
 * The packaged program between senders and nodes that fail on request, with every item followed
 * from its sender to the nodes: what was accepted must not be lost. {@link
 * satellite.e2e.faults.FaultRun} is one Satellite with all that stands around it; the tests are
 * scenarios with a fixed seed, and random rounds.
 *
 * <p>What is asserted: no item is lost that its mode promises to keep; what was destroyed on disk
 * by the suite itself is set aside by Satellite or among the bytes that the suite has hit; items of
 * one meter source reach the nodes in order; each copy beyond the first has a reason (a node did
 * not answer OK, its OK was not heard, or the message was recovered from disk); nothing has changed
 * on the way; the account of each incarnation balances, and its next incarnation finds what it has
 * left.
 */
package satellite.e2e.faults;

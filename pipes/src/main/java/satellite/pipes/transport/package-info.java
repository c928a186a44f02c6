/** What servers and clients share: event loops, connection limits, the token. */
package satellite.pipes.transport;

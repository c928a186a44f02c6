/** What a message is and how it may be joined: the table of methods, their readers, payloads. */
package satellite.pipes.protocol;

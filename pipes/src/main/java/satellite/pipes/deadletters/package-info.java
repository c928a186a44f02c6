/** What OAP refused for good: kept on disk as dead letters, shown, and replayed. */
package satellite.pipes.deadletters;

/**
 * The Satellites of one deployment, among themselves: who has how many connections, and who gives
 * some away.
 */
package satellite.replicas;

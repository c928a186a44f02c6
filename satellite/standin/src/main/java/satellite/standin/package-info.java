/**
 * Stand-ins for both ends of a Satellite: an OAP node that counts, and a source of real traffic.
 */
package satellite.standin;

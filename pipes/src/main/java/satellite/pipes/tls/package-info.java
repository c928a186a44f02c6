/** Certificates for servers and clients, renewed as their files change. */
package satellite.pipes.tls;

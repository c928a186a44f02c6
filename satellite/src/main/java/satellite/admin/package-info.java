/**
 * The telemetry port: metrics and probes for machines, and the status page for people. {@link
 * satellite.admin.StatusCollector} reads what the others know; {@link satellite.admin.Status} is
 * what is told.
 */
package satellite.admin;

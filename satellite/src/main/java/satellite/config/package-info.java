/**
 * The configuration: a user's YAML file, the environment, and for all they leave out the built-in
 * {@code satellite_config.yaml}, which is also the manual.
 */
package satellite.config;

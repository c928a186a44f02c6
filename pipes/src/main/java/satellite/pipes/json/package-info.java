/** The same messages as JSON: read from the REST API, printed for people. */
package satellite.pipes.json;

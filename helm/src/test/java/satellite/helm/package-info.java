/** Facts about the chart and the examples beside it, without a cluster. */
package satellite.helm;

package satellite.queue;

import java.time.Instant;

/**
 * An event that a node refused for good.
 *
 * @param time of the refusal
 * @param node its address
 * @param reason as in the account
 * @param detail the node's own words
 */
public record DeadLetter(
    Instant time, String pipe, String node, String reason, String detail, Event event) {}

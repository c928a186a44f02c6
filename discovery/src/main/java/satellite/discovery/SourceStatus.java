package satellite.discovery;

import java.time.Instant;
import java.util.Set;

/**
 * The status of one source of nodes: what it said last.
 *
 * @param source its kind and what it looks for, in words for people
 * @param nodes the last good set; null while none is known
 * @param changed when that set was first told; null while none is known
 * @param remark what a person may want to know of a good answer, such as who was left out and why;
 *     empty for nothing
 * @param error why the source cannot be asked now, and what would help; empty while it can
 * @param failedSince null while it can be asked
 */
public record SourceStatus(
    String source,
    Set<Node> nodes,
    Instant changed,
    String remark,
    String error,
    Instant failedSince) {}

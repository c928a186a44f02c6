package satellite.replicas;

/**
 * The summary of all replicas, as one of them knows them. In a small deployment it has heard every
 * other one in the last second; in a large one it is an estimate by what some of them, chosen by
 * chance, said in the last ten seconds.
 *
 * @param replicas how many there are, with this one
 * @param heard how many of the others have answered lately
 * @param meanConnections of a replica
 * @param meanShare how much of its limit a replica uses, 0..1
 * @param othersAccept whether one of the others takes new connections
 */
public record ReplicasSummary(
    int replicas, int heard, double meanConnections, double meanShare, boolean othersAccept) {}

package satellite.e2e.faults;

/**
 * One thing that is sent and followed. What is learnt about it is guarded by its {@link Ledger}.
 */
final class Item {

  /** What it is sent as. */
  enum Kind {
    /** Any node; several in one message, or a message each. */
    SEGMENT,
    /** Any node; a message each. */
    LOG,
    /** All of one source on one node, in order. */
    METER,
    /** A call each, in and out. */
    KEEPALIVE
  }

  enum Answer {
    NONE,
    OK,
    /** Satellite said no. */
    REFUSED,
    /** The call broke off, and nobody knows. */
    BROKEN
  }

  final String id;
  final Kind kind;
  final String source;

  /** Items of one unit can only be refused together: Satellite does not take them apart. */
  final long unit;

  /** Which incarnation of Satellite it was sent to. */
  final int incarnation;

  Answer answer = Answer.NONE;

  /** How often a node took it in. */
  int taken;

  /** When it was first taken in, among all items; 0 if never. */
  long firstTaken;

  /** Times that a node took it in and did not answer OK: Satellite must send it again. */
  int unheard;

  /** A node took it in and answered OK. */
  boolean delivered;

  /** A node refused for good what consisted of its unit only. */
  boolean refusedForGood;

  /** The suite itself destroyed it on disk. */
  boolean destroyed;

  Item(String id, Kind kind, String source, long unit, int incarnation) {
    this.id = id;
    this.kind = kind;
    this.source = source;
    this.unit = unit;
    this.incarnation = incarnation;
  }

  @Override
  public String toString() {
    return id
        + " ("
        + kind
        + " of "
        + source
        + " in incarnation "
        + incarnation
        + ", answered "
        + answer
        + ", taken "
        + taken
        + (delivered ? ", delivered" : "")
        + (refusedForGood ? ", refused for good" : "")
        + ")";
  }
}

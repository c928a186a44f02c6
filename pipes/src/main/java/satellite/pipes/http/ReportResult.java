package satellite.pipes.http;

/** What became of a report that is taken as a whole or not at all. */
public sealed interface ReportResult {

  /** Whether the account has its messages as received. */
  default boolean isTaken() {
    return !(this instanceof Full || this instanceof Malformed);
  }

  /** All of it is where its pipe's acknowledgement wants it; it is accounted for. */
  record Accepted() implements ReportResult {}

  /**
   * There is no space now; nothing of it was taken.
   *
   * @param onDisk it would have to go to disk, and the disk takes no more, or fails
   */
  record Full(boolean onDisk) implements ReportResult {}

  /**
   * Nothing of it was taken.
   *
   * @param index of the first message that is not one of its protocol
   * @param why for people
   */
  record Malformed(int index, String why) implements ReportResult {}

  /**
   * It was taken, and a node refused a part of it for good: to send it again is of no use. The rest
   * is forwarded.
   *
   * @param reason as in the account
   * @param detail for people
   */
  record Refused(String reason, String detail) implements ReportResult {}

  /**
   * It was taken, and nobody promises that it stays: its sender should send it again. It may be
   * forwarded all the same.
   *
   * @param reason as in the account, or what a spool calls it
   * @param detail for people
   */
  record Failed(String reason, String detail) implements ReportResult {}
}

package satellite.pipes;

/** What became of a report that is taken as a whole or not at all. */
public sealed interface Admission {

  /** All of it is queued; from now on it is accounted for. */
  record Accepted() implements Admission {}

  /** There is no space now; nothing of it was taken. */
  record Full() implements Admission {}

  /**
   * Nothing of it was taken.
   *
   * @param index of the first message that is not one of its protocol
   * @param why for people
   */
  record Malformed(int index, String why) implements Admission {}
}

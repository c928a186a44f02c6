package satellite.queue.disk;

import java.util.Random;
import satellite.queue.Event;

/** Events of all kinds: with and without everything, small and large, of a few streams. */
final class RandomEvents {

  private final Random random;
  private final ManualDiskThread time;
  private final byte[][] contexts = new byte[3][];

  RandomEvents(Random random, ManualDiskThread time) {
    this.random = random;
    this.time = time;
    for (int i = 0; i < contexts.length; i++) {
      contexts[i] = bytes(i == 0 ? 0 : random.nextInt(20_000));
    }
  }

  Event next() {
    byte[][] parts = new byte[random.nextInt(4)][];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = bytes(random.nextInt(10) == 0 ? random.nextInt(50_000) : random.nextInt(200));
    }
    return new Event(
        string(),
        string(),
        string(),
        contexts[random.nextInt(contexts.length)],
        parts,
        random.nextInt(5) == 0 ? random.nextInt(1 << 20) : 1,
        time.nanos() - random.nextInt(1 << 30));
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private String string() {
    return switch (random.nextInt(5)) {
      case 0 -> null;
      case 1 -> "";
      case 2 -> "/skywalking.v3.Übung/\uD83D\uDE80";
      default -> "k" + random.nextInt(5);
    };
  }
}

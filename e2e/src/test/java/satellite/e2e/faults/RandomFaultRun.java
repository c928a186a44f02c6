package satellite.e2e.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import satellite.e2e.faults.FaultyNode.Fault;

/**
 * A short run of a Satellite, with a few faults drawn by lot: seed and number say which. What they
 * do not say is how the machine's threads interleave, so a round may have to be repeated some times
 * until it fails again.
 */
final class RandomFaultRun {

  private final long seed;
  private final int number;
  private final AckMode mode;
  private final Random random;
  private final List<String> story = new ArrayList<>();

  RandomFaultRun(long seed, int number) {
    this.seed = seed;
    this.number = number;
    this.mode = AckMode.values()[number % AckMode.values().length];
    this.random = new Random(seed * 1_000_003 + number);
  }

  int number() {
    return number;
  }

  AckMode mode() {
    return mode;
  }

  /** What has happened in it. */
  String story() {
    return String.join(", ", story);
  }

  RunResult run() {
    Map<String, String> settings = chance(3) > 0 ? FaultRun.SMALL_MEMORY : Map.of();
    story.add(settings.isEmpty() ? "much memory" : "little memory");
    try (FaultRun run = new FaultRun("round-" + number, mode, seed + number, settings)) {
      start(run);
      run.traffic(20 + chance(100));
      int faults = 1 + chance(4);
      for (int i = 0; i < faults; i++) {
        if (chance(5) < 3) {
          node(run);
        } else {
          satellite(run);
        }
        run.traffic(chance(300));
      }
      RunResult result = run.end();
      run.forget();
      return result;
    }
  }

  private int chance(int bound) {
    return random.nextInt(bound);
  }

  private void start(FaultRun run) {
    if (chance(8) == 0) {
      story.add("started with a full disk");
      run.start(DiskFaultsTest.FULL_DISK);
    } else {
      run.start();
    }
  }

  private void node(FaultRun run) {
    List<FaultyNode> some =
        chance(4) == 0 ? run.nodes() : List.of(run.node(chance(run.nodes().size())));
    Fault[] faults = Fault.values();
    // The first one, which is no fault, stands for a kill.
    Fault fault = faults[chance(faults.length)];
    story.add((fault == Fault.WELL ? "KILLED" : fault) + " " + some);
    for (FaultyNode node : some) {
      if (fault == Fault.WELL) {
        node.kill();
      } else {
        node.behave(fault);
      }
    }
    run.traffic(50 + chance(500));
    if (chance(4) > 0) {
      story.add("recovered");
      some.forEach(FaultyNode::recover);
    }
  }

  private void satellite(FaultRun run) {
    if (chance(3) == 0) {
      story.add("stopped");
      run.stop();
    } else {
      story.add("killed");
      run.kill();
    }
    if (chance(2) == 0) {
      FaultRun.Damage damage = damage();
      run.damage(damage);
    }
    if (chance(2) == 0) {
      run.nodes().forEach(FaultyNode::start);
    }
    start(run);
    if (chance(3) == 0) {
      run.traffic(chance(20));
      story.add("killed again");
      run.kill();
      start(run);
    }
  }

  private FaultRun.Damage damage() {
    Random own = new Random(random.nextLong());
    switch (chance(7)) {
      case 0 -> {
        story.add("the end of a segment torn off");
        return DiskDamage.torn(own);
      }
      case 1 -> {
        story.add("half a write");
        return DiskDamage.halfWritten(own);
      }
      case 2 -> {
        story.add("bits flipped in a segment");
        return DiskDamage.flipped(".segment", own);
      }
      case 3 -> {
        story.add("bits flipped in what is done");
        return DiskDamage.flipped(".done", own);
      }
      case 4 -> {
        story.add("a segment missing");
        return DiskDamage.missing(".segment", own);
      }
      case 5 -> {
        story.add("what is done missing");
        return DiskDamage.missing(".done", own);
      }
      default -> {
        story.add("foreign files");
        return DiskDamage.foreign(own);
      }
    }
  }
}

package satellite.pipes.protocol;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import satellite.pipes.protocol.Protocol.Kind;

/**
 * Random runs of a few client streams of one method through a {@link Relay}. {@code
 * -Dsatellite.test.rounds} asks for more runs per method than the few by default; a failure names
 * the seed of its run.
 */
public final class Rounds {

  public static final int COUNT = Integer.getInteger("satellite.test.rounds", 40);

  private Rounds() {}

  /** What clients sent, stream by stream, and what became of it. */
  public record Round(
      String method, List<List<byte[]>> streams, List<Relay.Call> calls, List<String> discarded) {

    /** What OAP would know, had the clients called it themselves. */
    Map<Object, Integer> factsOfClients() {
      Map<Object, Integer> bag = new HashMap<>();
      for (List<byte[]> stream : streams) {
        if (Protocols.of(method).kind() == Kind.UNARY) {
          stream.forEach(message -> count(bag, OapView.facts(method, List.of(message))));
        } else {
          count(bag, OapView.facts(method, stream));
        }
      }
      return bag;
    }

    /** The same in order, of one client stream. */
    List<Object> factsOfStream() {
      return OapView.facts(method, streams.get(0));
    }

    List<Object> factsUpstreamInOrder() {
      List<Object> facts = new ArrayList<>();
      calls.forEach(call -> facts.addAll(OapView.facts(call.target(), call.messages())));
      return facts;
    }

    /** What it knows now. */
    Map<Object, Integer> factsUpstream() {
      Map<Object, Integer> bag = new HashMap<>();
      calls.forEach(call -> count(bag, OapView.facts(call.target(), call.messages())));
      return bag;
    }

    private static void count(Map<Object, Integer> bag, List<Object> facts) {
      facts.forEach(fact -> bag.merge(fact, 1, Integer::sum));
    }
  }

  /** Several streams at a time. */
  public static void each(String method, Consumer<Round> check) {
    each(method, 4, check);
  }

  /** One stream at a time: its order can be looked at. */
  public static void eachStream(String method, Consumer<Round> check) {
    each(method, 1, check);
  }

  private static void each(String method, int maxStreams, Consumer<Round> check) {
    for (int seed = 0; seed < COUNT; seed++) {
      try {
        check.accept(run(method, maxStreams, seed));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(method + ", seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static Round run(String method, int maxStreams, int seed) {
    Random random = new Random(seed);
    ClientTraffic traffic = new ClientTraffic(random);
    Relay relay = new Relay(random, Relay.pipe(random));
    List<List<byte[]>> streams = new ArrayList<>();
    List<Relay.Stream> open = new ArrayList<>();
    for (int i = 1 + random.nextInt(maxStreams); i > 0; i--) {
      streams.add(traffic.stream(method).stream().map(Message::toByteArray).toList());
      open.add(relay.open(method));
    }
    int[] next = new int[streams.size()];
    List<Integer> unfinished = new ArrayList<>();
    for (int i = 0; i < next.length; i++) {
      unfinished.add(i);
    }
    while (!unfinished.isEmpty()) {
      int which = unfinished.get(random.nextInt(unfinished.size()));
      Relay.Stream stream = open.get(which);
      stream.send(streams.get(which).get(next[which]++));
      if (next[which] == streams.get(which).size()) {
        stream.end();
        unfinished.remove(Integer.valueOf(which));
      } else if (random.nextInt(8) == 0) {
        stream.tick();
      }
      if (random.nextInt(10) == 0) {
        relay.drain();
      }
    }
    return new Round(method, streams, relay.finish(), relay.discarded());
  }
}

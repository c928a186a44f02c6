package satellite.config;

import java.util.List;
import java.util.function.UnaryOperator;

/** A list of values. */
record Sequence(Location location, List<Value> items) implements Value {

  Sequence {
    items = List.copyOf(items);
  }

  List<Mapping> mappings() {
    return items.stream().map(Value::asMapping).toList();
  }

  /** The one of that {@code plugin_name}, which must be there. */
  Mapping plugin(String name) {
    return mappings().stream()
        .filter(plugin -> plugin.scalar("plugin_name").text().equals(name))
        .findFirst()
        .orElseThrow(() -> error("lacks " + name));
  }

  Sequence map(UnaryOperator<Mapping> change) {
    return new Sequence(location, mappings().stream().<Value>map(change).toList());
  }

  @Override
  public Sequence asSequence() {
    return this;
  }

  @Override
  public String kind() {
    return "a list";
  }

  /** A list stands for itself: nothing is added from the reference. */
  @Override
  public Value withDefaults(Value defaults) {
    if (defaults instanceof Mapping || defaults instanceof Scalar) {
      throw mustBeLike(defaults);
    }
    return this;
  }
}

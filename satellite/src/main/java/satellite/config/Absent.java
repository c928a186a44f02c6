package satellite.config;

import java.util.Collection;
import java.util.Map;

/** A key with nothing behind it: the same as leaving it out. */
record Absent(Location location) implements Value {

  @Override
  public String kind() {
    return "nothing";
  }

  @Override
  public String oneOf(Collection<String> possible) {
    throw error("is missing" + AllowedValues.list(possible));
  }

  @Override
  public Mapping asMapping() {
    return new Mapping(location, Map.of());
  }

  @Override
  public Value withDefaults(Value defaults) {
    return defaults;
  }
}

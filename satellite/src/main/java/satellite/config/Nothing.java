package satellite.config;

import java.util.Collection;
import java.util.Map;

/** A key with nothing behind it: the same as leaving it out. */
record Nothing(Place place) implements Value {

  @Override
  public String kind() {
    return "nothing";
  }

  @Override
  public String oneOf(Collection<String> possible) {
    throw error("is missing" + Choice.list(possible));
  }

  @Override
  public Mapping asMapping() {
    return new Mapping(place, Map.of());
  }

  @Override
  public Value over(Value standard) {
    return standard;
  }
}

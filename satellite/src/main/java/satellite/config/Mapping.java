package satellite.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A map of keys to values, in the order of the file. */
record Mapping(Place place, Map<String, Value> entries) implements Value {

  Mapping {
    entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }

  /** The value of a key, {@link Nothing} when it is absent. */
  Value get(String key) {
    Value value = entries.get(key);
    return value != null ? value : new Nothing(inside(key));
  }

  Mapping mapping(String key) {
    return get(key).asMapping();
  }

  Sequence sequence(String key) {
    return get(key).asSequence();
  }

  Scalar scalar(String key) {
    return get(key).asScalar();
  }

  /** Whether something stands behind the key. */
  boolean has(String key) {
    return !(get(key) instanceof Nothing);
  }

  Mapping with(String key, Value value) {
    var changed = new LinkedHashMap<>(entries);
    changed.put(key, value);
    return new Mapping(place, changed);
  }

  /** Changes the value of a key where there is one. */
  Mapping change(String key, UnaryOperator<Value> change) {
    return has(key) ? with(key, change.apply(get(key))) : this;
  }

  /** What this map leaves out, taken from another; no key is unknown. */
  Mapping orElse(Mapping other) {
    var all = new LinkedHashMap<>(entries);
    other.entries.forEach(
        (key, theirs) -> {
          boolean both = all.get(key) instanceof Mapping && theirs instanceof Mapping;
          all.merge(key, theirs, (o, t) -> both ? o.asMapping().orElse(t.asMapping()) : o);
        });
    return new Mapping(place, all);
  }

  @Override
  public Mapping asMapping() {
    return this;
  }

  @Override
  public String kind() {
    return "a map of keys";
  }

  /** Key by key; a key that the reference does not have is unknown. */
  @Override
  public Value over(Value standard) {
    if (standard instanceof Nothing) {
      return this;
    }
    if (!(standard instanceof Mapping)) {
      throw mustBeLike(standard);
    }
    Map<String, Value> known = standard.asMapping().entries;
    var filled = new LinkedHashMap<>(known);
    entries.forEach(
        (key, value) -> {
          if (!known.containsKey(key)) {
            throw value.error("unknown key" + Choice.possible(key, known.keySet()));
          }
          filled.put(key, value.over(known.get(key)));
        });
    return new Mapping(place, filled);
  }

  private Place inside(String key) {
    String path = place.path().isEmpty() ? key : place.path() + "." + key;
    return new Place(place.file(), place.line(), place.column(), path, null);
  }
}

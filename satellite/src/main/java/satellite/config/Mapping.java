package satellite.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A map of keys to values, in the order of the file. */
record Mapping(Location location, Map<String, Value> entries) implements Value {

  Mapping {
    entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }

  /** The value of a key, {@link Absent} when it is absent. */
  Value get(String key) {
    Value value = entries.get(key);
    return value != null ? value : new Absent(inside(key));
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
    return !(get(key) instanceof Absent);
  }

  Mapping with(String key, Value value) {
    var changed = new LinkedHashMap<>(entries);
    changed.put(key, value);
    return new Mapping(location, changed);
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
    return new Mapping(location, all);
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
  public Value withDefaults(Value defaults) {
    if (defaults instanceof Absent) {
      return this;
    }
    if (!(defaults instanceof Mapping)) {
      throw mustBeLike(defaults);
    }
    Map<String, Value> known = defaults.asMapping().entries;
    var filled = new LinkedHashMap<>(known);
    entries.forEach(
        (key, value) -> {
          if (!known.containsKey(key)) {
            throw value.error("unknown key" + AllowedValues.suggest(key, known.keySet()));
          }
          filled.put(key, value.withDefaults(known.get(key)));
        });
    return new Mapping(location, filled);
  }

  private Location inside(String key) {
    String path = location.path().isEmpty() ? key : location.path() + "." + key;
    return new Location(location.file(), location.line(), location.column(), path, null);
  }
}

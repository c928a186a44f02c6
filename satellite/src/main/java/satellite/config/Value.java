package satellite.config;

import java.util.Collection;

/** A value of the configuration, which knows where it was written. Immutable. */
sealed interface Value permits Mapping, Sequence, Scalar, Absent {

  Location location();

  /** For messages: what a person sees in the file. */
  String kind();

  /** This value of a user's file, where {@code defaults} stands in the reference. */
  Value withDefaults(Value defaults);

  default ConfigException error(String what) {
    return location().error(what);
  }

  default ConfigException mustBe(String kind) {
    return error("must be " + kind + ", found " + kind());
  }

  default ConfigException mustBeLike(Value defaults) {
    return mustBe(defaults instanceof Scalar ? "a single value" : defaults.kind());
  }

  /** The text, which must be one of the possible names. */
  default String oneOf(Collection<String> possible) {
    return asScalar().oneOf(possible);
  }

  default Mapping asMapping() {
    throw mustBe("a map of keys");
  }

  default Sequence asSequence() {
    throw mustBe("a list");
  }

  default Scalar asScalar() {
    throw mustBe("a single value");
  }
}

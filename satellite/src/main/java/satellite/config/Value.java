package satellite.config;

import java.util.Collection;

/** A value of the configuration, which knows where it was written. Immutable. */
sealed interface Value permits Mapping, Sequence, Scalar, Nothing {

  Place place();

  /** For messages: what a person sees in the file. */
  String kind();

  /** This value of a user's file, where {@code standard} stands in the reference. */
  Value over(Value standard);

  default ConfigException error(String what) {
    return place().error(what);
  }

  default ConfigException mustBe(String kind) {
    return error("must be " + kind + ", found " + kind());
  }

  default ConfigException mustBeLike(Value standard) {
    return mustBe(standard instanceof Scalar ? "a single value" : standard.kind());
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

package satellite.config;

/** A configuration that cannot be used; the message is for people and says where and why. */
public final class ConfigException extends RuntimeException {

  public ConfigException(String message) {
    super(message);
  }
}

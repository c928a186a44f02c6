package satellite.config;

/**
 * Where a value was written.
 *
 * @param line from 1, like the column
 * @param path keys from the root, such as {@code pipes[3].sender.flush_time}
 * @param variable the environment variable that the value came from; null if it stands in the file
 */
record Location(String file, int line, int column, String path, String variable) {

  Location from(String environmentVariable) {
    return new Location(file, line, column, path, environmentVariable);
  }

  ConfigException error(String what) {
    return new ConfigException(this + ": " + what);
  }

  @Override
  public String toString() {
    String name = path.isEmpty() ? "" : ": " + path;
    String origin = variable == null ? "" : " (set by the environment variable " + variable + ")";
    return file + ", line " + line + ", column " + column + name + origin;
  }
}

package satellite.queue.disk;

import java.nio.file.Path;

/** Another process holds the lock of a data folder. */
public final class FolderInUseException extends RuntimeException {

  /**
   * @param owner what the other one wrote about itself
   */
  public FolderInUseException(Path folder, String owner) {
    super(
        "the data folder "
            + folder
            + " belongs to another Satellite ("
            + owner
            + "): give each its own SATELLITE_DATA_DIR",
        null,
        false,
        false);
  }
}

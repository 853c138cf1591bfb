package dev.mixer4j.weights.format.keras;

import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ZipArchive;
import dev.mixer4j.weights.format.hdf5.Hdf5File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;

/**
 * Opens a {@code .keras} file (keras/src/saving/saving_lib.py): a zip of {@code config.json} and
 * {@code model.weights.h5}. The latter is copied to a temporary file, since HDF5 needs random
 * access and the entry's CRC is checked first. Closing the result deletes the copy.
 */
public final class KerasArchive {

  public static final String WEIGHTS = "model.weights.h5";

  private static final String CONFIG = "config.json";
  private static final int MAX_CONFIG = 64 << 20;

  /** Mixer-H/14 with Adam's two moments is 5.2 GB. */
  private static final long MAX_WEIGHTS = 16L << 30;

  private KerasArchive() {}

  /** Opens the weights; the zip file is closed in any case. */
  public static TensorFile open(Path path, ZipArchive zip) throws IOException {
    ZipEntry weights = zip.entries().get(WEIGHTS);
    if (weights.getSize() > MAX_WEIGHTS) {
      throw new UnsupportedFileException(
          "%s: entry '%s': expected at most %d bytes, found %d"
              .formatted(path, WEIGHTS, MAX_WEIGHTS, weights.getSize()));
    }
    String json =
        zip.entries().containsKey(CONFIG)
            ? new String(zip.bytes(CONFIG, MAX_CONFIG), StandardCharsets.UTF_8)
            : "{}";
    KerasConfig config = new KerasConfig(path, json);
    Path copy = Files.createTempFile("mixer4j-", ".h5");
    // For Ctrl-C, which runs no finally, and for Windows, which keeps files that are mapped.
    copy.toFile().deleteOnExit();
    try {
      zip.read(WEIGHTS, in -> Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING));
      TensorFile opened =
          Hdf5File.open(path, copy, file -> new KerasReader(file, config, () -> delete(copy)));
      zip.close();
      return opened;
    } catch (IOException | RuntimeException e) {
      delete(copy);
      throw e;
    }
  }

  private static void delete(Path copy) {
    try {
      Files.deleteIfExists(copy);
    } catch (IOException e) {
      // Left to deleteOnExit.
    }
  }
}

package dev.mixer4j.weights.format.keras;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.FileKind;
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
  private static final int MAX_CONFIG = BoundedJson.MAX_BYTES;

  /** Mixer-H/14 with Adam's two moments is 5.2 GB. */
  private static final long MAX_WEIGHTS = 16L << 30;

  /** Numbers do not shrink much; of a training's start, Adam's moments are 0: two thirds. */
  private static final int MAX_RATIO = 8;

  private static final long MAX_BEYOND_RATIO = 64 << 20; // for small networks of nothing but 0

  private KerasArchive() {}

  /** Opens the weights; the zip file is closed in any case. */
  public static TensorFile open(Path path, ZipArchive zip) throws IOException {
    checkWeights(path, zip);
    String json =
        zip.entries().containsKey(CONFIG)
            ? new String(zip.bytes(CONFIG, MAX_CONFIG), StandardCharsets.UTF_8)
            : "{}";
    KerasConfig config = new KerasConfig(path, json);
    Path copy = Files.createTempFile("mixer4j-", ".h5");
    // For Ctrl-C, which runs no finally, and for Windows, which keeps files that are mapped.
    copy.toFile().deleteOnExit();
    try {
      checkSpace(path, copy, zip.entries().get(WEIGHTS).getSize());
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

  /** Looks at sizes and first bytes before anything is unpacked. */
  private static void checkWeights(Path path, ZipArchive zip) throws IOException {
    ZipEntry weights = zip.entries().get(WEIGHTS);
    long size = weights.getSize();
    long packed = weights.getCompressedSize();
    if (size > MAX_WEIGHTS || size > packed * MAX_RATIO + MAX_BEYOND_RATIO) {
      throw new UnsupportedFileException(
          ("%s: entry '%s' unpacks from %d to %d bytes, expected at most %d; weights do not shrink"
                  + " so much. If you trust the file, pack it again without compression (zip -0)")
              .formatted(
                  path,
                  WEIGHTS,
                  packed,
                  size,
                  Math.min(MAX_WEIGHTS, packed * MAX_RATIO + MAX_BEYOND_RATIO)));
    }
    if (!FileKind.isHdf5(zip.peek(WEIGHTS, in -> in.readNBytes(FileKind.BYTES)))) {
      throw new MalformedFileException(
          "%s: entry '%s': expected an HDF5 file, found something else".formatted(path, WEIGHTS));
    }
  }

  private static void checkSpace(Path path, Path copy, long size) throws IOException {
    long free = Files.getFileStore(copy).getUsableSpace();
    if (size > free) {
      throw new IOException(
          "%s: needs %d bytes to unpack '%s', the folder %s has %d left; JAVA_OPTS=-Djava.io.tmpdir=FOLDER"
                  .formatted(path, size, WEIGHTS, copy.getParent(), free)
              + " chooses another folder");
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

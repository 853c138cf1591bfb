package dev.mixer4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Opens tensor files of every format that is read, told apart by their content. */
public final class TensorFiles {

  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] HDF5 = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  private static final byte[] LEGACY_TORCH = {(byte) 0x80, 2, (byte) 0x8a, 10};

  private TensorFiles() {}

  /**
   * Opens a file, whatever its name.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws UnsupportedFileException if it is of no format that is read
   * @throws MalformedFileException if it is damaged
   */
  public static TensorFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new UnsupportedFileException(path + ": expected a weights file, found a folder");
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(path)) {
      start = in.readNBytes(16);
    }
    if (startsWith(start, ZIP)) {
      return openZip(path);
    }
    if (startsWith(start, HDF5)) {
      return new Hdf5Reader(path);
    }
    if (startsWith(start, LEGACY_TORCH)) {
      throw new UnsupportedFileException(
          path
              + ": PyTorch's file format from before 1.6 is not read; load and save it once in a"
              + " newer PyTorch");
    }
    if (looksLikeSafetensors(start, Files.size(path))) {
      return new SafetensorsReader(path);
    }
    throw new UnsupportedFileException(
        path
            + ": not a weights file that is read; expected the content of JAX .npz, PyTorch .pth,"
            + " .safetensors or .h5, found "
            + (start.length == 0 ? "an empty file" : "something else"));
  }

  private static boolean startsWith(byte[] bytes, byte[] magic) {
    return bytes.length >= magic.length && Arrays.equals(Arrays.copyOf(bytes, magic.length), magic);
  }

  private static boolean looksLikeSafetensors(byte[] start, long size) {
    if (start.length < 10 || start[8] != '{') {
      return false;
    }
    long header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return header > 0 && (header <= 1 << 30 || header > size);
  }

  private static TensorFile openZip(Path path) throws IOException {
    ZipArchive zip = new ZipArchive(path);
    try {
      Optional<String> pickle =
          zip.entries().keySet().stream().filter(n -> n.matches("[^/]+/data\\.pkl")).findFirst();
      return pickle.isPresent()
          ? new TorchReader(path, zip, pickle.get())
          : new NpzReader(path, zip);
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }
}

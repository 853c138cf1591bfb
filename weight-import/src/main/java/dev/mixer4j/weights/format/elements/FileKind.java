package dev.mixer4j.weights.format.elements;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a file is that people take for weights, and what to do about it. */
public final class FileKind {

  /** How many of a file's first bytes tell its kind. */
  public static final int BYTES = 512;

  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] HDF5 = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

  private FileKind() {}

  /** {@return whether a file that starts so is a zip archive} */
  public static boolean isZip(byte[] start) {
    return startsWith(start, ZIP);
  }

  /** {@return whether a file that starts so is HDF5} */
  public static boolean isHdf5(byte[] start) {
    return startsWith(start, HDF5);
  }

  private static boolean startsWith(byte[] start, byte[] magic) {
    return start.length >= magic.length
        && Arrays.equals(start, 0, magic.length, magic, 0, magic.length);
  }

  /**
   * {@return the kind in words, with a remedy; empty if it is not known}
   *
   * @param start the file's first {@link #BYTES}, or all of them
   */
  public static Optional<String> of(byte[] start) {
    return Optional.ofNullable(describe(start));
  }

  private static String describe(byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    String page = text.stripLeading().toLowerCase(Locale.ROOT);
    if (start.length == 0) {
      return "an empty file; was the download interrupted?";
    }
    if (text.startsWith("version https://git-lfs")) {
      return "a pointer of Git LFS in place of the file; 'git lfs pull' fetches it";
    }
    if (page.startsWith("<!doctype html") || page.startsWith("<html") || page.startsWith("<?xml")) {
      return "a web page; download the file itself";
    }
    if (text.startsWith("\u001f\u008b")) {
      return "a gzip file; unpack it with 'gunzip' first, or 'tar xzf' if it is an archive";
    }
    if (text.length() > 262 && text.startsWith("ustar", 257)) {
      return "a tar archive; unpack it with 'tar xf' first";
    }
    if (text.startsWith("\u0093NUMPY")) {
      return "one NumPy array; save all tensors with np.savez(FILE, **tensors)";
    }
    if (isOnnx(start)) {
      return "an ONNX graph, whose tensors have lost their names; convert the checkpoint that it was"
          + " exported from";
    }
    if (isMessagePack(start)) {
      return "a msgpack of Flax; load it with flax.serialization and save it with np.savez(FILE,"
          + " **flatten_dict(params, sep='/'))";
    }
    return null;
  }

  /** Its first field is the version, of one byte, and the second one the producer's name. */
  private static boolean isOnnx(byte[] start) {
    return start.length > 4 && start[0] == 8 && start[1] > 0 && start[1] < 32 && start[2] == 0x12;
  }

  /** A map, small, of 16 or of 32 bits, whose first key is a text. */
  private static boolean isMessagePack(byte[] start) {
    int skip =
        switch (start[0] & 0xff) {
          case 0xde -> 3;
          case 0xdf -> 5;
          default -> (start[0] & 0xf0) == 0x80 ? 1 : 0;
        };
    if (skip == 0 || start.length < skip + 4) {
      return false;
    }
    int key = start[skip] & 0xff;
    return (key & 0xe0) == 0xa0 && Character.isLetter(start[skip + 1]);
  }
}

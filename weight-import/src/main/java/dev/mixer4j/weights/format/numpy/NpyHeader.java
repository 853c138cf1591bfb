package dev.mixer4j.weights.format.numpy;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ElementReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a {@code .npy} array (numpy.lib.format in NumPy's reference).
 *
 * @param info name, dtype and shape
 * @param order the byte order of the elements
 * @param fortran whether the first axis runs fastest
 * @param length bytes from the start of the array's file to its first element
 */
record NpyHeader(TensorInfo info, ByteOrder order, boolean fortran, int length) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_LENGTH = 1 << 16;

  private static final Pattern DICTIONARY =
      Pattern.compile(
          "\\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \\(([0-9, ]*)\\),? *\\} *\n?");

  private static final Map<String, DType> DTYPES =
      Map.of(
          "f8", DType.FLOAT64,
          "f4", DType.FLOAT32,
          "f2", DType.FLOAT16,
          "V2", DType.BFLOAT16, // NumPy has no bfloat16: its arrays arrive as raw two-byte voids
          "i8", DType.INT64,
          "i4", DType.INT32,
          "i2", DType.INT16,
          "i1", DType.INT8,
          "u1", DType.UINT8,
          "b1", DType.BOOL);

  /**
   * Reads the header and leaves the stream at the first element.
   *
   * @param name the array's name, for messages and the result
   */
  static NpyHeader read(Path file, String name, InputStream in) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC)) {
      throw malformed(file, name, "it does not start with NumPy's magic");
    }
    int lengthBytes = start[6] == 1 ? 2 : 4;
    if (start[6] < 1 || start[6] > 3) {
      throw malformed(file, name, "version " + start[6] + " is not one of 1 to 3");
    }
    long length = 0;
    byte[] encoded = in.readNBytes(lengthBytes);
    for (int i = encoded.length - 1; i >= 0; i--) {
      length = length << 8 | (encoded[i] & 0xff);
    }
    if (length > MAX_LENGTH) {
      throw malformed(file, name, "a header of " + length + " bytes is too long");
    }
    byte[] bytes = in.readNBytes((int) length);
    if (encoded.length < lengthBytes || bytes.length < length) {
      throw malformed(file, name, "the header is cut off");
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    Matcher matcher = DICTIONARY.matcher(text);
    if (text.startsWith("{'descr': [")) {
      throw new UnsupportedFileException(
          "%s: tensor '%s': a structured dtype is not read".formatted(file, name));
    }
    if (!matcher.matches()) {
      throw malformed(file, name, "unexpected header " + text.strip());
    }
    String descr = matcher.group(1);
    DType dtype = descr.isEmpty() ? null : DTYPES.get(descr.substring(1));
    if (dtype == null || "<>|=".indexOf(descr.charAt(0)) < 0) {
      throw new UnsupportedFileException(
          "%s: tensor '%s': dtype '%s' is not read".formatted(file, name, descr));
    }
    return new NpyHeader(
        TensorInfo.checked(file, name, dtype, sizes(file, name, matcher.group(3))),
        descr.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
        matcher.group(2).equals("True"),
        8 + lengthBytes + (int) length);
  }

  private static long[] sizes(Path file, String name, String text) {
    try {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(s -> !s.isEmpty())
          .mapToLong(Long::parseLong)
          .toArray();
    } catch (NumberFormatException e) {
      throw malformed(file, name, "unexpected shape (" + text + ")");
    }
  }

  /** Reads the elements that follow the header, in row-major order. */
  void readElements(InputStream in, FloatBuffer destination) throws IOException {
    ElementReader.read(in, info, order, fortran, destination);
  }

  void checkSize(Path file, long size) {
    if (size != length + info.bytes()) {
      throw malformed(
          file,
          info.name(),
          "expected %d bytes for %s of shape %s, found %d"
              .formatted(info.bytes(), info.dtype(), info.shape(), size - length));
    }
  }

  private static MalformedFileException malformed(Path file, String name, String problem) {
    return new MalformedFileException(
        "%s: array '%s' is a corrupt .npy array: %s".formatted(file, name, problem));
  }
}

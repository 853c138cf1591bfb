package dev.mixer4j.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Makes .npy files, sound ones and others. */
public final class NpyBytes {

  private NpyBytes() {}

  /** A sound float32 array in version 1.0. */
  public static byte[] of(String shape, float... values) {
    return of("<f4", false, shape, floats(ByteOrder.LITTLE_ENDIAN, values));
  }

  public static byte[] of(String descr, boolean fortran, String shape, byte[] data) {
    String dictionary =
        "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }"
            .formatted(descr, fortran ? "True" : "False", shape);
    return withHeader(1, dictionary, data);
  }

  /** Any header, padded as NumPy does. */
  public static byte[] withHeader(int version, String dictionary, byte[] data) {
    int start = version == 1 ? 10 : 12;
    int padded = (start + dictionary.length() + 1 + 63) / 64 * 64 - start;
    String header = dictionary + " ".repeat(padded - dictionary.length() - 1) + "\n";
    return withLength(version, padded, header, data);
  }

  /** Any header with any announced length. */
  public static byte[] withLength(int version, int length, String header, byte[] data) {
    ByteBuffer start = ByteBuffer.allocate(version == 1 ? 10 : 12).order(ByteOrder.LITTLE_ENDIAN);
    start.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    start.put((byte) version).put((byte) 0);
    if (version == 1) {
      start.putShort((short) length);
    } else {
      start.putInt(length);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(start.array());
    all.writeBytes(header.getBytes(StandardCharsets.UTF_8));
    all.writeBytes(data);
    return all.toByteArray();
  }

  public static byte[] floats(ByteOrder order, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(order);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}

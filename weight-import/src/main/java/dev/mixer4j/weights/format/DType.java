package dev.mixer4j.weights.format;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Locale;

/** The element types of tensors in files. Only the floating-point ones can be read. */
public enum DType {
  /** IEEE 754 binary64. */
  FLOAT64(8),
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** IEEE 754 binary16. */
  FLOAT16(2),
  /** The upper half of a binary32. */
  BFLOAT16(2),
  /** Signed, 8 bytes. */
  INT64(8),
  /** Signed, 4 bytes. */
  INT32(4),
  /** Signed, 2 bytes. */
  INT16(2),
  /** Signed, 1 byte. */
  INT8(1),
  /** Unsigned, 1 byte. */
  UINT8(1),
  /** One byte: 0 or 1. */
  BOOL(1);

  private final int size;

  DType(int size) {
    this.size = size;
  }

  /** {@return the bytes of one element} */
  public int size() {
    return size;
  }

  /** {@return whether it can be read as float32} */
  public boolean isFloat() {
    return this == FLOAT64 || this == FLOAT32 || this == FLOAT16 || this == BFLOAT16;
  }

  /**
   * Converts whole elements to float32.
   *
   * @param from all its whole elements are read, in its byte order
   * @param to receives the numbers
   */
  public void decode(ByteBuffer from, FloatBuffer to) {
    switch (this) {
      case FLOAT64 -> {
        while (from.remaining() >= 8) {
          to.put((float) from.getDouble());
        }
      }
      case FLOAT32 -> {
        FloatBuffer floats = from.asFloatBuffer();
        from.position(from.position() + floats.remaining() * 4);
        to.put(floats);
      }
      case FLOAT16 -> {
        while (from.remaining() >= 2) {
          to.put(halfToFloat(from.getShort()));
        }
      }
      case BFLOAT16 -> {
        while (from.remaining() >= 2) {
          to.put(Float.intBitsToFloat(from.getShort() << 16));
        }
      }
      default -> throw new UnsupportedOperationException(this + " is not read as float32");
    }
  }

  /** IEEE 754 binary16 to binary32, exact. Java has its own from release 20 on. */
  static float halfToFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> 10) & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0) {
      float subnormal = mantissa * 0x1p-24f;
      return sign == 0 ? subnormal : -subnormal;
    }
    int wide = exponent == 0x1f ? 0xff : exponent + (127 - 15);
    return Float.intBitsToFloat(sign | wide << 23 | mantissa << 13);
  }

  /** The lower-case name that NumPy and PyTorch use. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

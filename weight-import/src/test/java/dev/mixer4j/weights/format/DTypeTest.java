package dev.mixer4j.weights.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DTypeTest {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void float16IsExactForAllItsNumbers(boolean bigEndian) {
    checkAll(DType.FLOAT16, bigEndian, 5, 10);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bfloat16IsExactForAllItsNumbers(boolean bigEndian) {
    checkAll(DType.BFLOAT16, bigEndian, 8, 7);
  }

  /** All 65,536 numbers against the definition of a binary floating-point format. */
  private static void checkAll(DType dtype, boolean bigEndian, int exponentBits, int mantissaBits) {
    ByteOrder order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    ByteBuffer bytes = ByteBuffer.allocate(2 << 16).order(order);
    for (int bits = 0; bits < 1 << 16; bits++) {
      bytes.putShort((short) bits);
    }
    FloatBuffer decoded = FloatBuffer.allocate(1 << 16);
    dtype.decode(bytes.flip(), decoded);
    int largest = (1 << exponentBits) - 1;
    for (int bits = 0; bits < 1 << 16; bits++) {
      double sign = bits >> 15 == 0 ? 1 : -1;
      int exponent = bits >> mantissaBits & largest;
      double fraction = (bits & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
      double expected;
      if (exponent == largest) {
        expected = fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
      } else {
        int bias = largest / 2;
        double scale = Math.pow(2, Math.max(exponent, 1) - bias);
        expected = sign * scale * (exponent == 0 ? fraction : 1 + fraction);
      }
      assertThat(Double.doubleToLongBits(decoded.get(bits)))
          .as("%s 0x%04x", dtype, bits)
          .isEqualTo(Double.doubleToLongBits(expected));
    }
  }

  @Test
  void float64IsRoundedToTheNearest() {
    double[] numbers = {
      1 + 0x1p-24, 1 + 0x1p-24 + 0x1p-50, 1e300, -1e300, Double.NaN, -0.0, 1e-45, 1e-46, 0.1
    };
    ByteBuffer bytes = ByteBuffer.allocate(8 * numbers.length);
    bytes.asDoubleBuffer().put(numbers);
    FloatBuffer decoded = FloatBuffer.allocate(numbers.length);
    DType.FLOAT64.decode(bytes, decoded);
    assertThat(decoded.array())
        .containsExactly(
            1f,
            1 + 0x1p-23f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            -0f,
            Float.MIN_VALUE,
            0f,
            0.1f);
  }

  @Test
  void float32KeepsEveryBit() {
    Random random = new Random(1);
    ByteBuffer bytes = ByteBuffer.allocate(4 * 1000).order(ByteOrder.LITTLE_ENDIAN);
    int[] bits = random.ints(1000).toArray();
    bytes.asIntBuffer().put(bits);
    FloatBuffer decoded = FloatBuffer.allocate(1000);
    DType.FLOAT32.decode(bytes, decoded);
    assertThat(bytes.hasRemaining()).isFalse();
    for (int i = 0; i < bits.length; i++) {
      assertThat(Float.floatToRawIntBits(decoded.get(i))).isEqualTo(bits[i]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void onlyFloatingPointNumbersAreRead(DType dtype) {
    ByteBuffer bytes = ByteBuffer.allocate(8);
    FloatBuffer decoded = FloatBuffer.allocate(8);
    assertThat(dtype.isFloat()).isEqualTo(dtype.name().contains("FLOAT"));
    if (dtype.isFloat()) {
      dtype.decode(bytes, decoded);
      assertThat(decoded.position()).isEqualTo(8 / dtype.size());
    } else {
      assertThatThrownBy(() -> dtype.decode(bytes, decoded))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining(dtype.toString());
    }
  }
}

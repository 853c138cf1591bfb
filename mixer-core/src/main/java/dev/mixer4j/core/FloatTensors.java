package dev.mixer4j.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.Consumer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * Conversions between float32 tensors and Java buffers, in row-major order.
 *
 * <pre>{@code
 * try (TFloat32 tensor = FloatTensors.of(Shape.of(1, 2), buffer -> buffer.put(1.5f).put(2))) {
 *   FloatBuffer copy = FloatBuffer.allocate(2);
 *   FloatTensors.read(tensor, copy);
 * }
 * }</pre>
 */
public final class FloatTensors {

  private FloatTensors() {}

  /**
   * {@return a new tensor in native memory, which the caller closes}
   *
   * @param shape of known sizes
   * @param values fills the buffer that it is given, completely
   * @throws ArithmeticException if the shape takes 2 GiB or more
   */
  public static TFloat32 of(Shape shape, Consumer<FloatBuffer> values) {
    int bytes = Math.toIntExact(Math.multiplyExact(shape.size(), Float.BYTES));
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    values.accept(buffer);
    return TFloat32.tensorOf(shape, DataBuffers.of(buffer.flip()));
  }

  /**
   * Copies a tensor's values.
   *
   * @param tensor float32, of any shape
   * @param destination takes the values from its position on; its position moves past them
   */
  public static void read(TFloat32 tensor, FloatBuffer destination) {
    FloatDataBuffer values = tensor.asRawTensor().data().asFloats();
    int start = destination.position();
    int size = (int) values.size();
    if (destination.hasArray()) { // copyTo ignores the offset of a buffer in its array
      values.read(destination.array(), destination.arrayOffset() + start, size);
    } else {
      values.copyTo(DataBuffers.of(destination.slice(start, size)), size);
    }
    destination.position(start + size);
  }
}

package dev.mixer4j.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.Consumer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/** Float32 tensors from and to buffers of numbers, in row-major order. */
public final class FloatTensors {

  private FloatTensors() {}

  /**
   * Makes a tensor, which the caller closes.
   *
   * @param shape of known sizes
   * @param values is given a buffer in native memory and fills it whole
   * @return the tensor, in native memory
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
   * @param destination takes them from its position on, which moves past them
   */
  public static void read(TFloat32 tensor, FloatBuffer destination) {
    FloatDataBuffer values = tensor.asRawTensor().data().asFloats();
    int start = destination.position();
    int size = (int) values.size();
    if (destination.hasArray()) { // copyTo would forget where in its array a buffer starts
      values.read(destination.array(), destination.arrayOffset() + start, size);
    } else {
      values.copyTo(DataBuffers.of(destination.slice(start, size)), size);
    }
    destination.position(start + size);
  }
}

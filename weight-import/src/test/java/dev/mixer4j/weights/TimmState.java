package dev.mixer4j.weights;

import dev.mixer4j.weights.format.elements.Permutation;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/** A network's tensors under timm's names and in timm's layouts, to be altered and written. */
final class TimmState {

  private record Tensor(String dtype, long[] shape, byte[] bytes) {}

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  static TimmState of(RandomWeights weights) {
    TimmState state = new TimmState();
    weights
        .network()
        .shapes()
        .forEach((name, shape) -> state.putVariable(name, shape, weights.values(name)));
    return state;
  }

  private void putVariable(String variable, Shape shape, float[] values) {
    long[] sizes = shape.asArray();
    if (sizes.length == 2) {
      put(name(variable), transposed(values, (int) sizes[0]), sizes[1], sizes[0]);
    } else if (sizes.length == 4) {
      // [patch, patch, 3, hidden] to [hidden, 3, patch, patch] is two transpositions of blocks.
      int patches = (int) (sizes[0] * sizes[1]);
      int hidden = (int) sizes[3];
      float[] turned = new float[values.length];
      for (int p = 0; p < patches; p++) {
        for (int c = 0; c < 3; c++) {
          for (int h = 0; h < hidden; h++) {
            turned[(h * 3 + c) * patches + p] = values[(p * 3 + c) * hidden + h];
          }
        }
      }
      put(name(variable), turned, hidden, 3, sizes[0], sizes[1]);
    } else {
      put(name(variable), values, sizes);
    }
  }

  private static float[] transposed(float[] values, int rows) {
    int columns = values.length / rows;
    float[] turned = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      turned[i % columns * rows + i / columns] = values[i];
    }
    return turned;
  }

  private static String name(String variable) {
    return variable
        .replace("stem/", "stem.proj.")
        .replace("pre_head_layer_norm/", "norm.")
        .replace("MixerBlock_", "blocks.")
        .replace("token_mixing", "mlp_tokens")
        .replace("channel_mixing", "mlp_channels")
        .replace("LayerNorm_0", "norm1")
        .replace("LayerNorm_1", "norm2")
        .replace("Dense_0", "fc1")
        .replace("Dense_1", "fc2")
        .replace("kernel", "weight")
        .replace("scale", "weight")
        .replace('/', '.');
  }

  TimmState put(String name, float[] values, long... shape) {
    return put(name, "F32", NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, values), shape);
  }

  TimmState put(String name, String dtype, byte[] bytes, long... shape) {
    tensors.put(name, new Tensor(dtype, shape, bytes));
    return this;
  }

  /** Puts zeros of any shape. */
  TimmState reshape(String name, long... shape) {
    return put(name, new float[(int) Shape.of(shape).size()], shape);
  }

  TimmState remove(String name) {
    if (tensors.remove(name) == null) {
      throw new IllegalArgumentException("no " + name);
    }
    return this;
  }

  TimmState rename(String from, String to) {
    Tensor tensor = tensors.get(from);
    remove(from);
    tensors.put(to, tensor);
    return this;
  }

  byte[] safetensors() {
    SafetensorsBytes file = new SafetensorsBytes();
    tensors.forEach((name, t) -> file.tensor(name, t.dtype, t.shape, t.bytes));
    return file.bytes();
  }

  Path write(Path file) throws IOException {
    return Files.write(file, safetensors());
  }

  /** The pickle of a state dict, whose storages are named by number. */
  byte[] pickle() {
    PickleBytes pickle =
        PickleBytes.start().global("collections", "OrderedDict").op(')', 'R').op('(');
    int key = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      long[] shape = entry.getValue().shape;
      long elements = Shape.of(shape).size();
      pickle
          .text(entry.getKey())
          .tensor(
              "FloatStorage",
              String.valueOf(key++),
              elements,
              0,
              shape,
              Permutation.strides(Shape.of(shape)));
    }
    return pickle.op('u').stop();
  }

  byte[] pth() {
    return pth(pickle());
  }

  /** A .pth with another pickle, which may be damaged. */
  byte[] pth(byte[] pickle) {
    ZipBytes zip = new ZipBytes().stored("tiny/data.pkl", pickle);
    int key = 0;
    for (Tensor tensor : tensors.values()) {
      zip.stored("tiny/data/" + key++, tensor.bytes);
    }
    return zip.bytes();
  }
}

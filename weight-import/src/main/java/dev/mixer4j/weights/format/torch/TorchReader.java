package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.Permutation;
import dev.mixer4j.weights.format.pickle.StateDictFile;
import dev.mixer4j.weights.format.torch.TorchPickle.Storage;
import dev.mixer4j.weights.format.torch.TorchPickle.View;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * Reads the tensors of a PyTorch checkpoint, which are strided views of storages. Subclasses find
 * the storages in the file.
 */
abstract class TorchReader extends StateDictFile {

  private final Map<String, View> views = new HashMap<>();

  TorchReader(Path path, String wanted) {
    super(path, Format.PTH, "PyTorch file", wanted);
  }

  /** A storage's size in bytes; -1 where it is missing. */
  abstract long size(String storage);

  /** Reads {@code count} elements of a storage, from the element {@code first} on. */
  abstract void read(Storage storage, long first, int count, FloatBuffer destination)
      throws IOException;

  @Override
  protected final boolean isTensor(Object value) {
    return value instanceof View;
  }

  /** {@link #size} must know all storages by now. */
  @Override
  protected final void add(String name, Object value) {
    if (!(value instanceof View view)) {
      throw notATensor(name);
    }
    TensorInfo info = TensorInfo.checked(path, name, view.storage().dtype(), view.sizes());
    checkBounds(info, view);
    views.put(name, view);
    tensors.put(name, info);
  }

  private void checkBounds(TensorInfo info, View view) {
    int elementSize = info.dtype().size();
    long bytes = size(view.storage().key());
    if (bytes < 0) {
      throw malformed(
          "tensor '" + info.name() + "': storage " + view.storage().key() + " is missing");
    }
    long held = bytes / elementSize;
    if (view.storage().elements() != held || bytes % elementSize != 0) {
      throw malformed(
          "tensor '%s': expected a storage of %d elements of %s, found %d bytes"
              .formatted(info.name(), view.storage().elements(), info.dtype(), bytes));
    }
    if (view.strides().length != view.sizes().length || view.offset() < 0) {
      throw malformed("tensor '" + info.name() + "': its view of the storage makes no sense");
    }
    try {
      long span = span(view);
      if (span > TensorInfo.MAX_ELEMENTS) {
        throw new UnsupportedFileException(
            "%s: tensor '%s': its strides spread it over %d elements, more than %d"
                .formatted(path, info.name(), span, TensorInfo.MAX_ELEMENTS));
      }
      if (info.elements() > span) { // a kilobyte could claim to be a gigabyte
        throw new UnsupportedFileException(
            "%s: tensor '%s' repeats elements (strides %s), as expand() makes it; save a clone()"
                .formatted(path, info.name(), Arrays.toString(view.strides())));
      }
      if (Math.addExact(view.offset(), span) <= held) {
        return;
      }
    } catch (ArithmeticException e) {
      // A view beyond 2^63 is out of bounds too.
    }
    throw malformed(
        "tensor '%s': shape %s with strides %s from %d on is out of its storage of %d elements"
            .formatted(
                info.name(), info.shape(), Arrays.toString(view.strides()), view.offset(), held));
  }

  /** Elements from a view's first to behind its last. */
  private long span(View view) {
    long last = 0;
    for (int i = 0; i < view.sizes().length; i++) {
      if (view.sizes()[i] == 0) {
        return 0;
      }
      if (view.strides()[i] < 0) {
        throw malformed("negative stride " + view.strides()[i]);
      }
      last = Math.addExact(last, Math.multiplyExact(view.sizes()[i] - 1, view.strides()[i]));
    }
    return Math.addExact(last, 1);
  }

  @Override
  public final void read(String name, FloatBuffer destination) throws IOException {
    View view = views.get(name);
    Shape shape = tensors.get(name).shape();
    if (Arrays.equals(view.strides(), Permutation.strides(shape))) {
      read(view.storage(), view.offset(), (int) shape.size(), destination);
      return;
    }
    FloatBuffer stored = FloatBuffer.allocate((int) span(view));
    read(view.storage(), view.offset(), stored.capacity(), stored);
    Permutation.gather(stored.flip(), 0, shape, view.strides(), destination);
  }
}

package dev.mixer4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import org.tensorflow.ndarray.Shape;

/**
 * Reads a state dict as {@code torch.save} writes it since PyTorch 1.6: a zip of {@code
 * NAME/data.pkl}, which names the tensors, and {@code NAME/data/KEY}, their storages.
 */
final class TorchReader implements TensorFile {

  /** Objects take some 70 times their pickle's bytes; H/14's pickle has 60 thousand. */
  private static final int MAX_PICKLE = 4 << 20;

  /** PyTorch's own bound on dimensions. */
  private static final int MAX_RANK = 64;

  private static final Map<String, DType> STORAGES =
      Map.of(
          "torch.DoubleStorage", DType.FLOAT64,
          "torch.FloatStorage", DType.FLOAT32,
          "torch.HalfStorage", DType.FLOAT16,
          "torch.BFloat16Storage", DType.BFLOAT16,
          "torch.LongStorage", DType.INT64,
          "torch.IntStorage", DType.INT32,
          "torch.ShortStorage", DType.INT16,
          "torch.CharStorage", DType.INT8,
          "torch.ByteStorage", DType.UINT8,
          "torch.BoolStorage", DType.BOOL);

  private enum Constructor {
    ORDERED_DICT,
    TENSOR,
    PARAMETER
  }

  private static final Map<String, Constructor> CONSTRUCTORS =
      Map.of(
          "collections.OrderedDict", Constructor.ORDERED_DICT,
          "torch._utils._rebuild_tensor_v2", Constructor.TENSOR,
          "torch._utils._rebuild_parameter", Constructor.PARAMETER);

  /** A named run of elements in the archive. */
  private record Storage(DType dtype, String key, long elements) {}

  /** A strided view of a storage, in elements. */
  private record View(Storage storage, long offset, long[] sizes, long[] strides) {}

  private final Path path;
  private final ZipArchive zip;
  private final String root;
  private final ByteOrder order;
  private final Map<String, View> views = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  TorchReader(Path path, ZipArchive zip, String pickleEntry) throws IOException {
    this.path = path;
    this.zip = zip;
    this.root = pickleEntry.substring(0, pickleEntry.length() - "data.pkl".length());
    if (zip.entries().containsKey(root + "constants.pkl")) {
      throw new UnsupportedFileException(
          path
              + ": this is a TorchScript program; expected a state dict: save it in PyTorch with"
              + " torch.save(model.state_dict(), FILE)");
    }
    this.order = byteOrder();
    byte[] pickle = zip.bytes(pickleEntry, MAX_PICKLE);
    Object top = Pickle.load(path.toString(), pickle, new StateDict());
    if (!(top instanceof Map<?, ?> dict)) {
      throw new UnsupportedFileException(path + ": expected a state dict, found another object");
    }
    dict.forEach(this::add);
  }

  private ByteOrder byteOrder() throws IOException {
    String entry = root + "byteorder"; // absent before PyTorch 2.1, which wrote little-endian
    if (!zip.entries().containsKey(entry)) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    String text = new String(zip.bytes(entry, 16), StandardCharsets.US_ASCII);
    return switch (text) {
      case "little" -> ByteOrder.LITTLE_ENDIAN;
      case "big" -> ByteOrder.BIG_ENDIAN;
      default -> throw malformed("byteorder is '" + text + "'");
    };
  }

  private void add(Object key, Object value) {
    String name = String.valueOf(key);
    if (!(key instanceof String) || !(value instanceof View view)) {
      throw new UnsupportedFileException(
          "%s: entry '%s' is not a tensor; expected a state dict: save model.state_dict()"
              .formatted(path, name));
    }
    TensorInfo info = TensorInfo.checked(path, name, view.storage.dtype, view.sizes);
    checkBounds(info, view);
    views.put(name, view);
    tensors.put(name, info);
  }

  private void checkBounds(TensorInfo info, View view) {
    ZipEntry entry = zip.entries().get(root + "data/" + view.storage.key);
    if (entry == null) {
      throw malformed("tensor '" + info.name() + "': storage " + view.storage.key + " is missing");
    }
    long held = entry.getSize() / view.storage.dtype.size();
    if (view.storage.elements != held || entry.getSize() % view.storage.dtype.size() != 0) {
      throw malformed(
          "tensor '%s': expected a storage of %d elements of %s, found %d bytes"
              .formatted(info.name(), view.storage.elements, view.storage.dtype, entry.getSize()));
    }
    if (view.strides.length != view.sizes.length || view.offset < 0) {
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
                .formatted(path, info.name(), Arrays.toString(view.strides)));
      }
      if (Math.addExact(view.offset, span) <= held) {
        return;
      }
    } catch (ArithmeticException e) {
      // A view beyond 2^63 is out of bounds too.
    }
    throw malformed(
        "tensor '%s': shape %s with strides %s from %d on is out of its storage of %d elements"
            .formatted(
                info.name(), info.shape(), Arrays.toString(view.strides), view.offset, held));
  }

  /** Elements from a view's first to behind its last. */
  private long span(View view) {
    long last = 0;
    for (int i = 0; i < view.sizes.length; i++) {
      if (view.sizes[i] == 0) {
        return 0;
      }
      if (view.strides[i] < 0) {
        throw malformed("negative stride " + view.strides[i]);
      }
      last = Math.addExact(last, Math.multiplyExact(view.sizes[i] - 1, view.strides[i]));
    }
    return Math.addExact(last, 1);
  }

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(path + ": not a sound PyTorch file: " + problem);
  }

  /** The few constructors that a state dict needs. */
  private final class StateDict implements Pickle.Constructors {

    @Override
    public Object global(String name) {
      DType dtype = STORAGES.get(name);
      return dtype != null ? dtype : CONSTRUCTORS.get(name);
    }

    @Override
    public Object call(Object callable, List<Object> arguments) {
      if (!(callable instanceof Constructor constructor)) {
        throw malformed("a call of something that is no constructor");
      }
      try {
        return switch (constructor) {
          case ORDERED_DICT -> orderedDict(arguments);
          case TENSOR ->
              new View(
                  (Storage) Objects.requireNonNull(arguments.get(0)),
                  (Long) arguments.get(1),
                  longs(arguments.get(2)),
                  longs(arguments.get(3)));
          case PARAMETER -> (View) Objects.requireNonNull(arguments.get(0));
        };
      } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException e) {
        throw malformed("unexpected arguments of " + constructor);
      }
    }

    private Map<Object, Object> orderedDict(List<Object> arguments) {
      if (!arguments.isEmpty()) {
        throw malformed("an OrderedDict with arguments, which torch.save does not write");
      }
      return new LinkedHashMap<>();
    }

    private long[] longs(Object object) {
      Pickle.Tuple tuple = (Pickle.Tuple) object;
      if (tuple.size() > MAX_RANK) {
        throw malformed("a tensor of " + tuple.size() + " dimensions");
      }
      return tuple.stream().mapToLong(item -> (Long) item).toArray();
    }

    /** A storage: {@code ('storage', type, key, device, elements)}. */
    @Override
    public Object persistent(Object id) {
      if (id instanceof Pickle.Tuple t
          && t.size() == 5
          && "storage".equals(t.get(0))
          && t.get(1) instanceof DType dtype
          && t.get(2) instanceof String key
          && t.get(4) instanceof Long elements) {
        return new Storage(dtype, key, elements);
      }
      throw malformed("unexpected persistent id");
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Format format() {
    return Format.PTH;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    View view = views.get(name);
    TensorInfo info = tensors.get(name);
    zip.read(
        root + "data/" + view.storage.key,
        in -> {
          in.skipNBytes(view.offset * view.storage.dtype.size());
          readView(in, view, info.shape(), destination);
          return null;
        });
  }

  private void readView(InputStream in, View view, Shape shape, FloatBuffer destination)
      throws IOException {
    DType dtype = view.storage.dtype;
    if (Arrays.equals(view.strides, Permutation.strides(shape))) {
      ElementReader.read(in, dtype, order, (int) shape.size(), destination);
      return;
    }
    int span = (int) span(view);
    FloatBuffer stored = FloatBuffer.allocate(span);
    ElementReader.read(in, dtype, order, span, stored);
    Permutation.gather(stored.flip(), 0, shape, view.strides, destination);
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

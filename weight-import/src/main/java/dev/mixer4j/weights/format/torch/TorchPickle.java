package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.pickle.Pickle;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The constructors that {@code torch.load(weights_only=True)} allows
 * (torch/_weights_only_unpickler.py), as far as a state dict and what training scripts save beside
 * it need them; tensors become {@link View}s of storages.
 */
final class TorchPickle implements Pickle.Constructors {

  /** A named run of elements in the file. */
  record Storage(DType dtype, String key, long elements) {}

  /** A strided view of a storage, in elements. */
  record View(Storage storage, long offset, long[] sizes, long[] strides) {}

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

  private static final Pattern DTYPE =
      Pattern.compile(
          "torch\\.(bool|bfloat16|float\\w*|q?u?int\\w*|complex\\d+|half|double|long|short)");

  private final Path path;
  private final Map<String, Storage> storages = new LinkedHashMap<>();

  TorchPickle(Path path) {
    this.path = path;
  }

  Map<String, Storage> storages() {
    return storages;
  }

  @Override
  public Object global(String name) {
    if (name.equals("argparse.Namespace")) {
      throw new UnsupportedFileException(
          path
              + ": the pickle asks for 'argparse.Namespace', a training script's options, which is"
              + " refused: only plain data are read. If you trust the file, load it in PyTorch and"
              + " save its state dict alone, or its options as vars(args)");
    }
    if (DTYPE.matcher(name).matches()) {
      return name;
    }
    return switch (name) {
      case "collections.OrderedDict" -> Pickle.ORDERED_DICT;
      case "collections.Counter" ->
          (Pickle.Constructor)
              arguments ->
                  arguments.isEmpty() ? new LinkedHashMap<>() : (Map<?, ?>) arguments.get(0);
      case "torch.Size", "builtins.set", "__builtin__.set" ->
          (Pickle.Constructor)
              arguments -> arguments.isEmpty() ? List.of() : (List<?>) arguments.get(0);
      case "torch.device",
          "torch.serialization._get_layout",
          "_codecs.encode",
          "builtins.bytearray",
          "__builtin__.bytearray",
          "builtins.complex",
          "__builtin__.complex" ->
          (Pickle.Constructor) arguments -> name; // nothing of it is used
      case "torch._utils._rebuild_tensor_v2" -> (Pickle.Constructor) this::view;
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
          (Pickle.Constructor) arguments -> (View) Objects.requireNonNull(arguments.get(0));
      default -> STORAGES.get(name);
    };
  }

  private View view(List<Object> arguments) {
    return new View(
        (Storage) Objects.requireNonNull(arguments.get(0)),
        (Long) arguments.get(1),
        sizes(arguments.get(2)),
        sizes(arguments.get(3)));
  }

  /**
   * A storage: {@code ('storage', type, key, device, elements)}, to which the legacy stream adds
   * the view of another storage that it is; PyTorch has written None there since version 0.4.
   */
  @Override
  public Object persistent(Object id) {
    if (id instanceof Pickle.Tuple t
        && (t.size() == 5 || t.size() == 6 && t.get(5) == null)
        && "storage".equals(t.get(0))
        && t.get(1) instanceof DType dtype
        && t.get(2) instanceof String key
        && t.get(4) instanceof Long elements) {
      Storage storage = new Storage(dtype, key, elements);
      Storage twin = storages.putIfAbsent(key, storage);
      if (twin != null && !twin.equals(storage)) {
        throw malformed("storage " + key + " is named with two sizes or dtypes");
      }
      return storage;
    }
    throw malformed("unexpected persistent id");
  }

  @Override
  public MalformedFileException malformed(String problem) {
    return new MalformedFileException(path + ": a corrupt PyTorch file: " + problem);
  }
}

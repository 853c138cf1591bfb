package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The few constructors that a pickle of NumPy arrays needs: what {@code ndarray.__reduce__} and
 * {@code dtype.__reduce__} write (numpy/_core/src/multiarray/methods.c and descriptor.c). The
 * elements stay in the file.
 */
public final class NumpyPickle implements Pickle.Constructors {

  /** The class of arrays, which a pickle names but does not call. */
  private static final Object NDARRAY = new Object();

  /** Paddle keeps bfloat16 in arrays of uint16 (paddle/base/data_feeder.py, convert_dtype). */
  private static final Map<String, DType> DTYPES =
      Map.of(
          "f8", DType.FLOAT64,
          "f4", DType.FLOAT32,
          "f2", DType.FLOAT16,
          "u2", DType.BFLOAT16,
          "i8", DType.INT64,
          "i4", DType.INT32,
          "i2", DType.INT16,
          "i1", DType.INT8,
          "u1", DType.UINT8,
          "b1", DType.BOOL);

  private final String where; // the file, for messages
  private final String remedy;

  public NumpyPickle(String where, String remedy) {
    this.where = where;
    this.remedy = remedy;
  }

  @Override
  public Object global(String name) {
    return switch (name) {
      case "collections.OrderedDict" -> Pickle.ORDERED_DICT;
      case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct" ->
          (Pickle.Constructor) this::array;
      case "numpy.ndarray" -> NDARRAY;
      case "numpy.dtype" ->
          (Pickle.Constructor) arguments -> elementType((String) arguments.get(0));
      case "_codecs.encode" ->
          (Pickle.Constructor) arguments -> latin1(arguments.get(0), (String) arguments.get(1));
      case "builtins.tuple", "__builtin__.tuple" ->
          (Pickle.Constructor) arguments -> (Pickle.Tuple) arguments.get(0);
      default -> null;
    };
  }

  private NumpyArray array(List<Object> arguments) {
    if (arguments.get(0) != NDARRAY) {
      throw malformed("an array of a class of its own");
    }
    return new NumpyArray();
  }

  private NumpyArray.ElementType elementType(String name) {
    DType dtype = DTYPES.get(name);
    if (dtype == null) {
      throw new UnsupportedFileException(
          "%s: NumPy's dtype '%s' is not read; expected one of %s"
              .formatted(where, name, DTYPES.keySet()));
    }
    return new NumpyArray.ElementType(dtype);
  }

  /** Protocol 2 has no bytes: they are the characters 0 to 255 of a text. */
  private Object latin1(Object text, String encoding) {
    if (!encoding.equals("latin1")) {
      throw malformed("bytes encoded as " + encoding);
    }
    if (text instanceof Pickle.Span span && span.text()) {
      return span;
    }
    byte[] bytes = ((String) text).getBytes(StandardCharsets.ISO_8859_1);
    if (!new String(bytes, StandardCharsets.ISO_8859_1).equals(text)) {
      throw malformed("a character beyond Latin-1 among an array's bytes");
    }
    return bytes;
  }

  @Override
  public Object persistent(Object id) {
    throw malformed("a persistent id, which NumPy does not write");
  }

  /** The state is (1, shape, dtype, fortran, bytes) of an array, (3, byte order, …) of a dtype. */
  @Override
  public void build(Object target, Object state) {
    List<?> fields = (Pickle.Tuple) state;
    if (target instanceof NumpyArray array) {
      array.complete(
          Objects.requireNonNull((NumpyArray.ElementType) fields.get(2)),
          sizes(fields.get(1)),
          (Boolean) fields.get(3),
          content(fields.get(4)));
    } else if (target instanceof NumpyArray.ElementType type) {
      type.order = order((String) fields.get(1));
    } else {
      throw malformed("a state for something that has none");
    }
  }

  private ByteOrder order(String text) {
    return switch (text) {
      case ">" -> ByteOrder.BIG_ENDIAN;
      case "<", "|", "=" -> ByteOrder.LITTLE_ENDIAN;
      default -> throw malformed("a byte order '" + text + "'");
    };
  }

  private Object content(Object bytes) {
    if (bytes instanceof String text) { // of Python 2
      return latin1(text, "latin1");
    }
    if (bytes instanceof byte[] || bytes instanceof Pickle.Span) {
      return bytes;
    }
    throw malformed("an array whose elements are not bytes");
  }

  @Override
  public String remedy() {
    return remedy;
  }

  @Override
  public MalformedFileException malformed(String problem) {
    return new MalformedFileException(where + ": a corrupt pickle of arrays: " + problem);
  }
}

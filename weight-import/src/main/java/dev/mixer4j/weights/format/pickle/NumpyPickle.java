package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The few constructors that a pickle of NumPy arrays needs: what {@code ndarray.__reduce__} and
 * {@code dtype.__reduce__} write (numpy/_core/src/multiarray/methods.c and descriptor.c). The
 * elements stay in the file.
 */
public final class NumpyPickle implements Pickle.Constructors {

  private enum Constructor {
    ORDERED_DICT,
    RECONSTRUCT,
    NDARRAY,
    DTYPE,
    ENCODE,
    TUPLE
  }

  private static final Map<String, Constructor> CONSTRUCTORS =
      Map.of(
          "collections.OrderedDict", Constructor.ORDERED_DICT,
          "numpy.core.multiarray._reconstruct", Constructor.RECONSTRUCT,
          "numpy._core.multiarray._reconstruct", Constructor.RECONSTRUCT,
          "numpy.ndarray", Constructor.NDARRAY,
          "numpy.dtype", Constructor.DTYPE,
          "_codecs.encode", Constructor.ENCODE,
          "builtins.tuple", Constructor.TUPLE,
          "__builtin__.tuple", Constructor.TUPLE);

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

  private static final Set<String> SAME_ORDER = Set.of("<", "|", "=");

  /** NumPy's own bound on dimensions. */
  private static final int MAX_RANK = 64;

  private final String where;
  private final String remedy;

  /**
   * Prepares to read one file.
   *
   * @param where the file, for messages
   * @param remedy what somebody who trusts a refused file can do
   */
  public NumpyPickle(String where, String remedy) {
    this.where = where;
    this.remedy = remedy;
  }

  @Override
  public Object global(String name) {
    return CONSTRUCTORS.get(name);
  }

  @Override
  public Object call(Object callable, List<Object> arguments) {
    if (!(callable instanceof Constructor constructor)) {
      throw malformed("a call of something that is no constructor");
    }
    try {
      return switch (constructor) {
        case ORDERED_DICT -> {
          if (!arguments.isEmpty()) {
            throw malformed("an OrderedDict with arguments");
          }
          yield new LinkedHashMap<>();
        }
        case RECONSTRUCT -> {
          if (arguments.get(0) != Constructor.NDARRAY) {
            throw malformed("an array of a class of its own");
          }
          yield new NumpyArray();
        }
        case DTYPE -> elementType((String) arguments.get(0));
        case ENCODE -> latin1(arguments.get(0), (String) arguments.get(1));
        case TUPLE -> (Pickle.Tuple) arguments.get(0);
        case NDARRAY -> throw malformed("an array made without its elements");
      };
    } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException e) {
      throw malformed("unexpected arguments of " + constructor);
    }
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

  /**
   * {@code (1, shape, dtype, fortran, bytes)} for an array, {@code (3, byte order, …)} for a dtype.
   */
  @Override
  public void build(Object target, Object state) {
    try {
      List<?> fields = (Pickle.Tuple) state;
      if (target instanceof NumpyArray array) {
        array.complete(
            Objects.requireNonNull((NumpyArray.ElementType) fields.get(2)),
            sizes((Pickle.Tuple) fields.get(1)),
            (Boolean) fields.get(3),
            content(fields.get(4)));
        return;
      }
      if (target instanceof NumpyArray.ElementType type) {
        String order = (String) fields.get(1);
        if (!order.equals(">") && !SAME_ORDER.contains(order)) {
          throw malformed("a byte order '" + order + "'");
        }
        type.order = order.equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        return;
      }
    } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException e) {
      throw malformed("an unexpected state of an array");
    }
    throw malformed("a state for something that has none");
  }

  private long[] sizes(Pickle.Tuple shape) {
    if (shape.size() > MAX_RANK) {
      throw malformed("an array of " + shape.size() + " dimensions");
    }
    return shape.stream().mapToLong(size -> (Long) size).toArray();
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

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(where + ": a corrupt pickle of arrays: " + problem);
  }
}

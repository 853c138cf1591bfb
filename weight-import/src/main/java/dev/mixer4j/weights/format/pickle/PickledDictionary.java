package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A pickled dictionary of plain values and NumPy arrays, as some data sets are published. It is
 * read as data: nothing in it is executed. Protocols 2 to 5 are read, also of Python 2, whose byte
 * strings count as text. All methods throw a MalformedFileException if an entry is missing or of
 * another kind.
 */
public final class PickledDictionary {

  private final String where;
  private final ByteBuffer file;
  private final Map<?, ?> entries;

  private PickledDictionary(String where, ByteBuffer file, Map<?, ?> entries) {
    this.where = where;
    this.file = file;
    this.entries = entries;
  }

  /** Reads all of a buffer, the file {@code where}, as one pickle; its arrays stay there. */
  public static PickledDictionary read(String where, ByteBuffer file) {
    ByteBuffer rest = file.duplicate().rewind();
    String remedy = "load it in Python and pickle a dictionary of lists and NumPy arrays alone";
    Object top = Pickle.load(where, rest, new NumpyPickle(where, remedy));
    if (rest.hasRemaining()) {
      throw new MalformedFileException(
          "%s: the pickle ends at byte %d, and %d bytes follow"
              .formatted(where, rest.position(), rest.remaining()));
    }
    if (!(top instanceof Map<?, ?> map)) {
      throw new MalformedFileException(
          where + ": expected a pickled dictionary, found another kind");
    }
    return new PickledDictionary(where, file, map);
  }

  public List<String> texts(String key) {
    return list(key, String.class, "texts");
  }

  public long[] numbers(String key) {
    return list(key, Long.class, "whole numbers").stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Opens an array: uint8 [rows, columns], row by row. Its stream ends with an EOFException if a
   * text that stands for bytes has a character beyond Latin-1.
   */
  public InputStream matrix(String key, int rows, int columns) throws IOException {
    if (!(value(key) instanceof NumpyArray array) || !array.isComplete()) {
      throw new MalformedFileException(
          "%s: expected a NumPy array under '%s', found none".formatted(where, key));
    }
    long[] sizes = array.sizes();
    boolean fits = sizes.length == 2 && sizes[0] == rows && sizes[1] == columns;
    if (array.dtype() != DType.UINT8 || !fits || !array.mayHold((long) rows * columns)) {
      throw new MalformedFileException(
          "%s: expected uint8 of shape [%d, %d] under '%s', found %s of %s"
              .formatted(where, rows, columns, key, array.dtype(), Arrays.toString(sizes)));
    }
    return array.fortran() ? byRows(array, rows, columns) : array.open(file);
  }

  private InputStream byRows(NumpyArray array, int rows, int columns) throws IOException {
    byte[] byColumns = array.open(file).readNBytes(rows * columns);
    byte[] byRows = new byte[rows * columns];
    if (byColumns.length < byRows.length) {
      throw new EOFException("fewer bytes than its shape needs");
    }
    for (int i = 0; i < byColumns.length; i++) {
      byRows[i % rows * columns + i / rows] = byColumns[i];
    }
    return new ByteArrayInputStream(byRows);
  }

  private <T> List<T> list(String key, Class<T> type, String expected) {
    if (!(value(key) instanceof List<?> list)) {
      throw unexpected(key, "a list", value(key));
    }
    List<T> items = new ArrayList<>();
    for (Object item : list) {
      Object value = Pickle.bytesAsText(item, file);
      if (!type.isInstance(value)) {
        throw unexpected(key, expected, item);
      }
      items.add(type.cast(value));
    }
    return items;
  }

  private Object value(String key) {
    if (!entries.containsKey(key)) {
      throw new MalformedFileException(
          "%s: expected an entry '%s', found none".formatted(where, key));
    }
    return entries.get(key);
  }

  private MalformedFileException unexpected(String key, String expected, Object found) {
    String kind = found == null ? "None" : found.getClass().getSimpleName();
    return new MalformedFileException(
        "%s: expected %s under '%s', found a %s".formatted(where, expected, key, kind));
  }
}

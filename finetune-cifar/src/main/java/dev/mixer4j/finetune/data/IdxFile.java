package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * An IDX file of unsigned bytes, packed with gzip or not, read from its start: two zeros, the type
 * (8), the number of dimensions, each dimension as a big-endian int; then the values.
 */
final class IdxFile implements Closeable {

  private static final int UNSIGNED_BYTE = 8;

  private final String shown;
  private final InputStream in;
  private final int[] sizes;
  private long position;

  private IdxFile(String shown, InputStream in, int dimensions) throws IOException {
    this.shown = shown;
    this.in = in;
    int magic = number();
    int expected = UNSIGNED_BYTE << 8 | dimensions;
    if (magic != expected) {
      throw new DatasetException(
          "%s: expected an IDX file of %d dimensions of unsigned bytes, which starts with 0x%08x,"
                  .formatted(shown, dimensions, expected)
              + " found 0x%08x".formatted(magic));
    }
    sizes = new int[dimensions];
    for (int i = 0; i < dimensions; i++) {
      sizes[i] = number();
      if (sizes[i] < 1) {
        throw new DatasetException(
            "%s: byte %d: expected a size above 0, found %d"
                .formatted(shown, position - Integer.BYTES, Integer.toUnsignedLong(sizes[i])));
      }
    }
  }

  static IdxFile open(DataFiles files, String name, int dimensions) throws IOException {
    InputStream in = new BufferedInputStream(files.files().get(name).open(), 1 << 16);
    try {
      String shown = files.show(name);
      return new IdxFile(shown, isPacked(in) ? unpacked(shown, in) : in, dimensions);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** By its content: browsers and people unpack files, or pack them, and keep the name. */
  private static boolean isPacked(InputStream in) throws IOException {
    in.mark(2);
    boolean packed = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return packed;
  }

  private static InputStream unpacked(String shown, InputStream in) throws IOException {
    try {
      return new BufferedInputStream(new GZIPInputStream(in), 1 << 16);
    } catch (EOFException | ZipException e) {
      throw new DatasetException(shown + ": expected a gzip file: " + e.getMessage(), e);
    }
  }

  int size(int dimension) {
    return sizes[dimension];
  }

  String shown() {
    return shown;
  }

  private int number() throws IOException {
    return ByteBuffer.wrap(read(Integer.BYTES)).getInt();
  }

  byte[] read(int count) throws IOException {
    byte[] values = next(count);
    if (values.length < count) {
      throw new DatasetException(
          "%s: expected %d more bytes at byte %d, found %d; the file is cut off, get it again"
              .formatted(shown, count, position, values.length));
    }
    position += count;
    return values;
  }

  private byte[] next(int count) throws IOException {
    try {
      return in.readNBytes(count);
    } catch (EOFException | ZipException e) {
      throw new DatasetException(
          "%s: damaged near byte %d of its content: %s; get it again"
              .formatted(shown, position, e.getMessage()),
          e);
    }
  }

  void requireEnd() throws IOException {
    if (next(1).length > 0) {
      throw new DatasetException(
          "%s: expected the end at byte %d, found more; do its sizes fit?"
              .formatted(shown, position));
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

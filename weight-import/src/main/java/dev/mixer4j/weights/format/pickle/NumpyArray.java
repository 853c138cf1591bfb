package dev.mixer4j.weights.format.pickle;

import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import dev.mixer4j.weights.format.DType;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An array in a {@link NumpyPickle}; its elements stay in the file. */
public final class NumpyArray {

  /** A dtype, whose byte order comes with its state. */
  static final class ElementType {
    private final DType dtype;
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    ElementType(DType dtype) {
      this.dtype = dtype;
    }
  }

  private ElementType type;
  private long[] sizes;
  private boolean fortran;
  private Object content; // a Span of the file or, of a few bytes in protocol 2, a byte[]

  public boolean isComplete() {
    return content != null;
  }

  public DType dtype() {
    return type.dtype;
  }

  public ByteOrder order() {
    return type.order;
  }

  public long[] sizes() {
    return sizes;
  }

  public boolean fortran() {
    return fortran;
  }

  /** Whether the content may be so many bytes; of a text, only its reading tells. */
  public boolean mayHold(long bytes) {
    if (content instanceof Pickle.Span span) {
      return span.text()
          ? bytes <= span.length() && bytes >= span.length() - span.length() / 2
          : bytes == span.length();
    }
    return bytes == ((byte[]) content).length;
  }

  /** The content as a stream, from the buffer that the pickle was read from. */
  public InputStream open(ByteBuffer file) {
    if (content instanceof Pickle.Span span) {
      ByteBuffer slice = file.slice(span.offset(), span.length());
      return span.text() ? new Latin1Stream(slice) : new ByteBufferBackedInputStream(slice);
    }
    return new ByteArrayInputStream((byte[]) content);
  }

  /**
   * Gives the array its state.
   *
   * @param newContent a Span of the file or, of a few bytes in protocol 2, a byte[]
   */
  void complete(ElementType newType, long[] newSizes, boolean isFortran, Object newContent) {
    type = newType;
    sizes = newSizes;
    fortran = isFortran;
    content = newContent;
  }

  /** Turns the UTF-8 of characters 0 to 255 into the bytes that they stand for. */
  private static final class Latin1Stream extends InputStream {
    private final ByteBuffer from;

    Latin1Stream(ByteBuffer from) {
      this.from = from;
    }

    @Override
    public int read() throws IOException {
      if (!from.hasRemaining()) {
        return -1;
      }
      int first = from.get();
      if (first >= 0) {
        return first;
      }
      int second = from.hasRemaining() ? from.get() & 0xff : 0;
      if ((first & 0xfe) != 0xc2 || (second & 0xc0) != 0x80) {
        throw new EOFException("a character beyond Latin-1 among an array's bytes");
      }
      return (first & 3) << 6 | second & 0x3f;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
      int n = 0;
      for (int next = 0; n < count && (next = read()) >= 0; n++) {
        to[offset + n] = (byte) next;
      }
      return n == 0 && count > 0 ? -1 : n;
    }
  }
}

package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.TensorInfo;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Reads bytes as float32 numbers, through a buffer of fixed size. */
public final class ElementReader {

  private static final int CHUNK = 1 << 18;

  private ElementReader() {}

  /** Reads {@code count} elements from a stream, which may go on behind them. */
  public static void read(InputStream in, DType dtype, ByteOrder order, int count, FloatBuffer to)
      throws IOException {
    // In an array, since a stream fills nothing else.
    copy(ByteBuffer::allocate, (chunk, done) -> read(in, chunk), dtype, order, count, to);
  }

  /** Reads a tensor as NumPy writes it: in Fortran order, the first axis runs fastest. */
  public static void read(
      InputStream in, TensorInfo info, ByteOrder order, boolean fortran, FloatBuffer to)
      throws IOException {
    int rank = info.shape().numDimensions();
    if (!fortran || rank < 2) {
      read(in, info.dtype(), order, info.elements(), to);
      return;
    }
    int[] reversed = IntStream.range(0, rank).map(axis -> rank - 1 - axis).toArray();
    FloatBuffer stored = FloatBuffer.allocate(info.elements());
    read(in, info.dtype(), order, info.elements(), stored);
    Permutation.copy(stored.flip(), Permutation.apply(info.shape(), reversed), to, reversed);
  }

  /** Reads all {@code count} bytes that lie in a file from a byte offset on. */
  public static ByteBuffer bytes(FileChannel file, long offset, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException(
            "expected " + count + " bytes at byte " + offset + ", found the end");
      }
    }
    return bytes.flip();
  }

  /** Reads {@code count} elements that lie in a file from a byte offset on. */
  public static void read(
      FileChannel file, long offset, DType dtype, ByteOrder order, int count, FloatBuffer to)
      throws IOException {
    // In native memory, since the file would be read to there first.
    copy(
        ByteBuffer::allocateDirect,
        (chunk, done) -> file.read(chunk, offset + done),
        dtype,
        order,
        count,
        to);
  }

  private static int read(InputStream in, ByteBuffer chunk) throws IOException {
    int n = in.read(chunk.array(), chunk.position(), chunk.remaining());
    chunk.position(chunk.position() + Math.max(n, 0));
    return n;
  }

  private interface Source {
    int read(ByteBuffer chunk, long done) throws IOException;
  }

  private static void copy(
      IntFunction<ByteBuffer> allocate,
      Source source,
      DType dtype,
      ByteOrder order,
      int count,
      FloatBuffer to)
      throws IOException {
    long bytes = (long) count * dtype.size();
    ByteBuffer chunk = allocate.apply((int) Math.min(CHUNK, bytes)).order(order);
    for (long done = 0; done < bytes; ) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), bytes - done));
      while (chunk.hasRemaining()) {
        int n = source.read(chunk, done + chunk.position());
        if (n < 0) {
          throw new EOFException(
              "expected " + bytes + " bytes, found " + (done + chunk.position()));
        }
      }
      done += chunk.flip().limit();
      dtype.decode(chunk, to);
    }
  }
}

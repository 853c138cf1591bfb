package dev.mixer4j.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;

/** Turns a run of bytes into float32 numbers, through a buffer of fixed size. */
final class ElementReader {

  private static final int CHUNK = 1 << 18;

  private ElementReader() {}

  /** Reads {@code count} elements from a stream, which may go on behind them. */
  static void read(InputStream in, DType dtype, ByteOrder order, int count, FloatBuffer to)
      throws IOException {
    // Not closed: it would close the caller's stream.
    ReadableByteChannel channel = Channels.newChannel(in);
    copy((chunk, done) -> channel.read(chunk), dtype, order, count, to);
  }

  /** Reads {@code count} elements that lie in a file from a byte offset on. */
  static void read(
      FileChannel file, long offset, DType dtype, ByteOrder order, int count, FloatBuffer to)
      throws IOException {
    copy((chunk, done) -> file.read(chunk, offset + done), dtype, order, count, to);
  }

  private interface Source {
    int read(ByteBuffer chunk, long done) throws IOException;
  }

  private static void copy(Source source, DType dtype, ByteOrder order, int count, FloatBuffer to)
      throws IOException {
    long bytes = (long) count * dtype.size();
    ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, bytes)).order(order);
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

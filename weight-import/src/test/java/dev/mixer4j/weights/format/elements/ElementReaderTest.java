package dev.mixer4j.weights.format.elements;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.format.DType;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElementReaderTest {

  /** More than two of the reader's chunks, and no whole number of them. */
  private static final int COUNT = 140_001;

  private static final double[] NUMBERS =
      new Random(1).doubles(COUNT).map(x -> (float) x).toArray();

  /** A stream that gives a few bytes at a time, as one from a socket does. */
  private static final class Trickle extends InputStream {
    private final InputStream source;
    private int calls;

    Trickle(byte[] bytes) {
      source = new ByteArrayInputStream(bytes);
    }

    @Override
    public int read() throws IOException {
      return source.read();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      return source.read(to, offset, Math.min(length, 1 + 997 * (calls++ % 13)));
    }
  }

  private static byte[] bytes(ByteOrder order) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * COUNT).order(order);
    bytes.asDoubleBuffer().put(NUMBERS);
    return bytes.array();
  }

  private static void check(FloatBuffer read) {
    assertThat(read.hasRemaining()).isFalse();
    for (int i = 0; i < COUNT; i++) {
      if (read.get(i) != (float) NUMBERS[i]) {
        assertThat(read.get(i)).as("element %d", i).isEqualTo((float) NUMBERS[i]);
      }
    }
  }

  @Test
  void streamInSmallPieces() throws IOException {
    FloatBuffer read = FloatBuffer.allocate(COUNT);
    InputStream in = new Trickle(bytes(ByteOrder.BIG_ENDIAN));
    ElementReader.read(in, DType.FLOAT64, ByteOrder.BIG_ENDIAN, COUNT, read);
    check(read);
  }

  @Test
  void streamIsLeftBehindTheLastElement() throws IOException {
    InputStream in = new ByteArrayInputStream(new byte[] {0, 0, 0, 0, 42});
    ElementReader.read(in, DType.FLOAT32, ByteOrder.LITTLE_ENDIAN, 1, FloatBuffer.allocate(1));
    assertThat(in.read()).isEqualTo(42);
  }

  @Test
  void partOfAFile(@TempDir Path folder) throws IOException {
    byte[] content = bytes(ByteOrder.LITTLE_ENDIAN);
    Path file = folder.resolve("numbers");
    Files.write(file, ByteBuffer.allocate(content.length + 5).put(5, content).array());
    FloatBuffer read = FloatBuffer.allocate(COUNT);
    try (FileChannel channel = FileChannel.open(file)) {
      ElementReader.read(channel, 5, DType.FLOAT64, ByteOrder.LITTLE_ENDIAN, COUNT, read);
    }
    check(read);
  }

  @Test
  void endBeforeTheLastElement() {
    InputStream in = new ByteArrayInputStream(new byte[11]);
    FloatBuffer read = FloatBuffer.allocate(3);
    assertThatThrownBy(
            () -> ElementReader.read(in, DType.FLOAT32, ByteOrder.LITTLE_ENDIAN, 3, read))
        .isInstanceOf(EOFException.class)
        .hasMessage("expected 12 bytes, found 11");
  }
}

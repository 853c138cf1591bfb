package dev.mixer4j.weights.write;

import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.tensorflow.ndarray.Shape;

/**
 * Writes {@code .npz} files as {@code numpy.savez} does, uncompressed, under Flax's names: {@code
 * vit_jax/checkpoint.py} loads those of a Mixer.
 */
final class NpzWriter implements WeightsWriter {

  @Override
  public void write(Path path, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    try (ZipOutputStream zip =
        new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(path), 1 << 16))) {
      WritableByteChannel channel = Channels.newChannel(zip);
      new TensorPipeline(weights.network(), "flax")
          .forEach(
              weights,
              progress,
              (tensor, bytes) -> writeEntry(zip, channel, tensor.name(), tensor.shape(), bytes));
    }
  }

  private static void writeEntry(
      ZipOutputStream zip, WritableByteChannel channel, String name, Shape shape, ByteBuffer bytes)
      throws IOException {
    byte[] header = header(shape);
    CRC32 crc = new CRC32();
    crc.update(header);
    crc.update(bytes.duplicate());
    ZipEntry entry = new ZipEntry(name + ".npy");
    entry.setMethod(ZipEntry.STORED);
    entry.setSize((long) header.length + bytes.remaining());
    entry.setCrc(crc.getValue());
    entry.setTime(315619200000L); // 1980-01-02, so that the same weights make the same file
    zip.putNextEntry(entry);
    zip.write(header);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    zip.closeEntry();
  }

  /** Version 1.0, padded so that the elements start at a multiple of 64, as NumPy does. */
  private static byte[] header(Shape shape) {
    String sizes =
        Arrays.stream(shape.asArray()).mapToObj(Long::toString).collect(Collectors.joining(", "));
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%s%s), }"
            .formatted(sizes, shape.numDimensions() == 1 ? "," : "");
    int length = (10 + dictionary.length() + 1 + 63) / 64 * 64 - 10;
    String padded = dictionary + " ".repeat(length - dictionary.length() - 1) + "\n";
    ByteBuffer header = ByteBuffer.allocate(10 + length);
    header.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    header.put((byte) length).put((byte) (length >> 8));
    return header.put(padded.getBytes(StandardCharsets.US_ASCII)).array();
  }
}

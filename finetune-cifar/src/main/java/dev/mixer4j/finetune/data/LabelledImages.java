package dev.mixer4j.finetune.data;

import dev.mixer4j.core.image.Pixels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.types.TUint8;

/**
 * Images of one size with a class each, as bytes in memory; in blocks, since all of them may be
 * larger than a Java array.
 */
public final class LabelledImages {

  public static final int CHANNELS = 3;

  /** The approximate size of a block. */
  private static final int BLOCK_BYTES = 1 << 26;

  private final int height;
  private final int width;
  private final int channels;
  private final List<byte[]> blocks;
  private final int blockImages;
  private final int first;
  private final int[] labels;

  private LabelledImages(
      int height,
      int width,
      int channels,
      List<byte[]> blocks,
      int blockImages,
      int first,
      int[] labels) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.blocks = blocks;
    this.blockImages = blockImages;
    this.first = first;
    this.labels = labels;
  }

  /**
   * Takes the pixels over, without a copy.
   *
   * @param pixels [images, height, width, channels], unsigned
   * @param labels the class of each image, unsigned
   */
  public LabelledImages(int height, int width, int channels, byte[] pixels, byte[] labels) {
    this(height, width, channels, List.of(pixels), Math.max(1, labels.length), 0, unsigned(labels));
    if (pixels.length != Math.multiplyExact(labels.length, imageBytes())) {
      throw new IllegalArgumentException(
          "%d bytes are not %d images of %dx%dx%d"
              .formatted(pixels.length, labels.length, height, width, channels));
    }
  }

  private static int[] unsigned(byte[] labels) {
    int[] values = new int[labels.length];
    Arrays.setAll(values, i -> Byte.toUnsignedInt(labels[i]));
    return values;
  }

  public static LabelledImages none() {
    return new LabelledImages(1, 1, 1, List.of(), 1, 0, new int[0]);
  }

  /** The number of images. */
  public int size() {
    return labels.length;
  }

  /** The height of each image, in pixels. */
  public int height() {
    return height;
  }

  /** The width of each image, in pixels. */
  public int width() {
    return width;
  }

  /** The channels of each image: 1 for gray levels, 3 for RGB. */
  public int channels() {
    return channels;
  }

  private int imageBytes() {
    return height * width * channels;
  }

  /** The bytes of all pixels. */
  public long bytes() {
    return (long) size() * imageBytes();
  }

  public int label(int index) {
    return labels[index];
  }

  public int[] labels(int... indices) {
    return Arrays.stream(indices).map(this::label).toArray();
  }

  /** Some images as a tensor, [indices, height, width, channels] uint8, which the caller closes. */
  public TUint8 pixels(int... indices) {
    TUint8 tensor = tensor(indices.length);
    ByteDataBuffer to = tensor.asRawTensor().data();
    for (int i = 0; i < indices.length; i++) {
      copy(indices[i], 1, to, i);
    }
    return tensor;
  }

  /**
   * Images {@code from} to {@code to} (exclusive) as a tensor, [images, height, width, channels]
   * uint8, which the caller closes. It may be larger than 2 GiB.
   */
  public TUint8 pixelRange(int from, int to) {
    Objects.checkFromToIndex(from, to, size());
    TUint8 tensor = tensor(to - from);
    ByteDataBuffer bytes = tensor.asRawTensor().data();
    for (int next = from; next < to; ) {
      int inBlock = blockImages - (first + next) % blockImages;
      int count = Math.min(inBlock, to - next);
      copy(next, count, bytes, next - from);
      next += count;
    }
    return tensor;
  }

  private TUint8 tensor(int images) {
    return TUint8.tensorOf(Shape.of(images, height, width, channels));
  }

  /** Copies images of one block. */
  private void copy(int index, int count, ByteDataBuffer to, int place) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    byte[] block = blocks.get(stored / blockImages);
    int offset = stored % blockImages * imageBytes();
    to.offset((long) place * imageBytes()).write(block, offset, count * imageBytes());
  }

  /** A copy of one image's pixels, [height, width, channels], unsigned. */
  public byte[] bytes(int index) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    int offset = stored % blockImages * imageBytes();
    return Arrays.copyOfRange(blocks.get(stored / blockImages), offset, offset + imageBytes());
  }

  /** A range of the images, which shares their memory. */
  public LabelledImages slice(int from, int to) {
    int[] part = Arrays.copyOfRange(labels, from, to);
    return new LabelledImages(height, width, channels, blocks, blockImages, first + from, part);
  }

  /** The first images. */
  public LabelledImages first(int limit) {
    return limit < size() ? slice(0, limit) : this;
  }

  /** Collects images one by one; its memory grows with them, whatever size a file claims. */
  public static final class Builder {
    private static final int FIRST_IMAGES = 64;

    private final int height;
    private final int width;
    private final int channels;
    private final int imageBytes;
    private final int blockImages;
    private final List<byte[]> blocks = new ArrayList<>();
    private int[] labels = new int[FIRST_IMAGES];
    private int size;

    Builder(int height, int width, int channels) {
      this(height, width, channels, BLOCK_BYTES);
    }

    /** For tests: with blocks of another size. */
    Builder(int height, int width, int channels, int blockBytes) {
      this.height = height;
      this.width = width;
      this.channels = channels;
      this.imageBytes = Math.multiplyExact(Math.multiplyExact(height, width), channels);
      this.blockImages = Math.max(1, blockBytes / imageBytes);
    }

    int size() {
      return size;
    }

    /**
     * Adds an image, [height, width, 1 or 3] unsigned. Gray levels become equal red, green and blue
     * if the builder has three channels, and colors become gray levels if it has one.
     */
    void add(int label, byte[] pixels) {
      byte[] converted = converted(pixels);
      int inBlock = size % blockImages;
      if (inBlock == 0) {
        blocks.add(new byte[Math.min(blockImages, FIRST_IMAGES) * imageBytes]);
      }
      int last = blocks.size() - 1;
      byte[] block = blocks.get(last);
      if (inBlock * imageBytes == block.length) {
        long doubled = Math.min(2L * block.length, (long) blockImages * imageBytes);
        block = Arrays.copyOf(block, (int) doubled);
        blocks.set(last, block);
      }
      System.arraycopy(converted, 0, block, inBlock * imageBytes, imageBytes);
      if (size == labels.length) {
        labels = Arrays.copyOf(labels, Math.multiplyExact(size, 2));
      }
      labels[size++] = label;
    }

    private byte[] converted(byte[] pixels) {
      if (pixels.length == imageBytes) {
        return pixels;
      }
      byte[] converted = new byte[imageBytes];
      for (int i = 0; i < imageBytes; i++) {
        converted[i] =
            channels == 1
                ? Pixels.gray(
                    pixels[3 * i] & 0xff, pixels[3 * i + 1] & 0xff, pixels[3 * i + 2] & 0xff)
                : pixels[i / channels];
      }
      return converted;
    }

    LabelledImages build() {
      if (size == 0) {
        return none();
      }
      int last = blocks.size() - 1;
      int used = ((size - 1) % blockImages + 1) * imageBytes;
      if (used < blocks.get(last).length) {
        blocks.set(last, Arrays.copyOf(blocks.get(last), used));
      }
      return new LabelledImages(
          height, width, channels, blocks, blockImages, 0, Arrays.copyOf(labels, size));
    }
  }
}

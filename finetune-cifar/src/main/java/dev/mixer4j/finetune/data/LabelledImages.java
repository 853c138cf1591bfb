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
 * Images of one size with a class each, held in memory as bytes; in blocks, so that they may be
 * more bytes than one Java array holds.
 */
public final class LabelledImages {

  public static final int CHANNELS = 3;

  /** What an array may take, about; a whole number of images is nearest below it. */
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

  /** No images. */
  public static LabelledImages none() {
    return new LabelledImages(1, 1, 1, List.of(), 1, 0, new int[0]);
  }

  /** Number of images. */
  public int size() {
    return labels.length;
  }

  /** Of each image, in pixels. */
  public int height() {
    return height;
  }

  /** Of each image, in pixels. */
  public int width() {
    return width;
  }

  /** Of each image: 1 for gray levels, 3 for red, green and blue. */
  public int channels() {
    return channels;
  }

  private int imageBytes() {
    return height * width * channels;
  }

  /** What all pixels take. */
  public long bytes() {
    return (long) size() * imageBytes();
  }

  /** The class of one image. */
  public int label(int index) {
    return labels[index];
  }

  /** The classes of some images, in the order of the indices. */
  public int[] labels(int... indices) {
    return Arrays.stream(indices).map(this::label).toArray();
  }

  /**
   * Some images as a tensor, which the caller closes.
   *
   * @return [indices, height, width, channels] uint8, in the order of the indices
   */
  public TUint8 pixels(int... indices) {
    TUint8 tensor = tensor(indices.length);
    ByteDataBuffer to = tensor.asRawTensor().data();
    for (int i = 0; i < indices.length; i++) {
      copy(indices[i], 1, to, i);
    }
    return tensor;
  }

  /**
   * Neighbouring images as a tensor, which the caller closes: what a graph needs to keep them on
   * its device. A tensor may be larger than 2 GiB.
   *
   * @param from the first one
   * @param to the one after the last
   * @return [to - from, height, width, channels] uint8
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

  /** Copies images of one block to a place counted in images. */
  private void copy(int index, int count, ByteDataBuffer to, int place) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    byte[] block = blocks.get(stored / blockImages);
    int offset = stored % blockImages * imageBytes();
    to.offset((long) place * imageBytes()).write(block, offset, count * imageBytes());
  }

  /** One image's pixels, a copy: [height, width, channels], unsigned. */
  public byte[] bytes(int index) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    int offset = stored % blockImages * imageBytes();
    return Arrays.copyOfRange(blocks.get(stored / blockImages), offset, offset + imageBytes());
  }

  /** Neighbouring images, which share these ones' memory. */
  public LabelledImages slice(int from, int to) {
    int[] part = Arrays.copyOfRange(labels, from, to);
    return new LabelledImages(height, width, channels, blocks, blockImages, first + from, part);
  }

  /** The first images, or all where there are no more. */
  public LabelledImages first(int limit) {
    return limit < size() ? slice(0, limit) : this;
  }

  /** Takes images one by one; its memory grows with them, whatever a file promised. */
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

    /** With blocks of another size, for tests. */
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
     * Adds an image. Gray levels become equal red, green and blue where the builder has three
     * channels, and colors become gray levels where it has one.
     *
     * @param pixels [height, width, 1 or 3], unsigned, which are copied
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

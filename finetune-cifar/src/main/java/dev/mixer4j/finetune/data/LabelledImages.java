package dev.mixer4j.finetune.data;

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
  private final List<byte[]> blocks;
  private final int blockImages;
  private final int first;
  private final int[] labels;

  private LabelledImages(
      int height, int width, List<byte[]> blocks, int blockImages, int first, int[] labels) {
    this.height = height;
    this.width = width;
    this.blocks = blocks;
    this.blockImages = blockImages;
    this.first = first;
    this.labels = labels;
  }

  /**
   * Takes the pixels over, without a copy.
   *
   * @param pixels [images, height, width, 3], unsigned
   * @param labels the class of each image, unsigned
   */
  public LabelledImages(int height, int width, byte[] pixels, byte[] labels) {
    this(height, width, List.of(pixels), Math.max(1, labels.length), 0, unsigned(labels));
    if (pixels.length != Math.multiplyExact(labels.length, imageBytes())) {
      throw new IllegalArgumentException(
          "%d bytes are not %d images of %dx%d"
              .formatted(pixels.length, labels.length, height, width));
    }
  }

  private static int[] unsigned(byte[] labels) {
    int[] values = new int[labels.length];
    Arrays.setAll(values, i -> Byte.toUnsignedInt(labels[i]));
    return values;
  }

  /** No images. */
  public static LabelledImages none() {
    return new LabelledImages(1, 1, List.of(), 1, 0, new int[0]);
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

  private int imageBytes() {
    return height * width * CHANNELS;
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
   * @return [indices, height, width, 3] uint8, in the order of the indices
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
   * @return [to - from, height, width, 3] uint8
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
    return TUint8.tensorOf(Shape.of(images, height, width, CHANNELS));
  }

  /** Copies images of one block to a place counted in images. */
  private void copy(int index, int count, ByteDataBuffer to, int place) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    byte[] block = blocks.get(stored / blockImages);
    int offset = stored % blockImages * imageBytes();
    to.offset((long) place * imageBytes()).write(block, offset, count * imageBytes());
  }

  /** One image's pixels, a copy: [height, width, 3], unsigned. */
  public byte[] bytes(int index) {
    Objects.checkIndex(index, size());
    int stored = first + index;
    int offset = stored % blockImages * imageBytes();
    return Arrays.copyOfRange(blocks.get(stored / blockImages), offset, offset + imageBytes());
  }

  /** Neighbouring images, which share these ones' memory. */
  public LabelledImages slice(int from, int to) {
    int[] part = Arrays.copyOfRange(labels, from, to);
    return new LabelledImages(height, width, blocks, blockImages, first + from, part);
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
    private final int imageBytes;
    private final int blockImages;
    private final List<byte[]> blocks = new ArrayList<>();
    private int[] labels = new int[FIRST_IMAGES];
    private int size;

    Builder(int height, int width) {
      this(height, width, BLOCK_BYTES);
    }

    /** With blocks of another size, for tests. */
    Builder(int height, int width, int blockBytes) {
      this.height = height;
      this.width = width;
      this.imageBytes = Math.multiplyExact(Math.multiplyExact(height, width), CHANNELS);
      this.blockImages = Math.max(1, blockBytes / imageBytes);
    }

    int size() {
      return size;
    }

    /**
     * Adds an image.
     *
     * @param pixels [height, width, 3], unsigned, which are copied
     */
    void add(int label, byte[] pixels) {
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
      System.arraycopy(pixels, 0, block, inBlock * imageBytes, imageBytes);
      if (size == labels.length) {
        labels = Arrays.copyOf(labels, Math.multiplyExact(size, 2));
      }
      labels[size++] = label;
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
      return new LabelledImages(height, width, blocks, blockImages, 0, Arrays.copyOf(labels, size));
    }
  }
}

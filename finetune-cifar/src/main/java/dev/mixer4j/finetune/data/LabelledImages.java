package dev.mixer4j.finetune.data;

import dev.mixer4j.core.image.Pixels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.types.TUint8;

/**
 * Images of one size, each with a label, in memory.
 *
 * @param channels 1 for gray levels, 3 for red, green and blue
 * @param images of each [height, width, channels], unsigned
 */
public record LabelledImages(
    int height, int width, int channels, List<byte[]> images, int[] labels) {

  /** Copies pixels, [images, height, width, channels], unsigned like the labels. */
  public LabelledImages(int height, int width, int channels, byte[] pixels, byte[] labels) {
    this(height, width, channels, new ArrayList<>(), new int[labels.length]);
    if (pixels.length != Math.multiplyExact(labels.length, imageBytes())) {
      throw new IllegalArgumentException(
          "%d bytes are not %d images of %dx%dx%d"
              .formatted(pixels.length, labels.length, height, width, channels));
    }
    for (int i = 0; i < labels.length; i++) {
      images.add(Arrays.copyOfRange(pixels, i * imageBytes(), (i + 1) * imageBytes()));
      this.labels[i] = Byte.toUnsignedInt(labels[i]);
    }
  }

  public static LabelledImages none() {
    return new LabelledImages(1, 1, 1, List.of(), new int[0]);
  }

  public int size() {
    return labels.length;
  }

  private int imageBytes() {
    return height * width * channels;
  }

  /** Size of all pixels in bytes. */
  public long bytes() {
    return (long) size() * imageBytes();
  }

  public int label(int index) {
    return labels[index];
  }

  /** The labels of some images, in the order of the indices. */
  public int[] labels(int... indices) {
    return Arrays.stream(indices).map(this::label).toArray();
  }

  /**
   * Copies some images: [indices, height, width, channels] uint8, which may be over 2 GiB. The
   * caller closes the tensor.
   */
  public TUint8 pixels(int... indices) {
    TUint8 tensor = TUint8.tensorOf(Shape.of(indices.length, height, width, channels));
    ByteDataBuffer data = tensor.asRawTensor().data();
    for (int i = 0; i < indices.length; i++) {
      data.offset((long) i * imageBytes()).write(images.get(indices[i]));
    }
    return tensor;
  }

  /** One image's pixels: [height, width, channels], unsigned. */
  public byte[] bytes(int index) {
    return images.get(index).clone();
  }

  /** The images {@code from} to {@code to} (exclusive), without a copy of their pixels. */
  public LabelledImages slice(int from, int to) {
    int[] part = Arrays.copyOfRange(labels, from, to);
    return new LabelledImages(height, width, channels, images.subList(from, to), part);
  }

  public LabelledImages first(int limit) {
    return limit < size() ? slice(0, limit) : this;
  }

  /** Takes images one by one; its memory grows with them, whatever a file's header claims. */
  public static final class Builder {
    private final int height;
    private final int width;
    private final int channels;
    private final List<byte[]> images = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();

    Builder(int height, int width, int channels) {
      this.height = height;
      this.width = width;
      this.channels = channels;
    }

    int size() {
      return images.size();
    }

    /**
     * Adds a copy of an image, [height, width, 1 or 3], unsigned. Gray levels become equal red,
     * green and blue for three channels; colours become gray levels for one.
     */
    void add(int label, byte[] pixels) {
      int size = Math.multiplyExact(Math.multiplyExact(height, width), channels);
      byte[] image = pixels.length == size ? pixels.clone() : new byte[size];
      for (int i = 0; pixels.length != size && i < size; i++) {
        image[i] =
            channels == 1
                ? Pixels.gray(
                    pixels[3 * i] & 0xff, pixels[3 * i + 1] & 0xff, pixels[3 * i + 2] & 0xff)
                : pixels[i / channels];
      }
      images.add(image);
      labels.add(label);
    }

    LabelledImages build() {
      return images.isEmpty()
          ? none()
          : new LabelledImages(
              height, width, channels, images, labels.stream().mapToInt(label -> label).toArray());
    }
  }
}

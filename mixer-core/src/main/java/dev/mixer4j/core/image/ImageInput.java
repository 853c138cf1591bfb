package dev.mixer4j.core.image;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The size, channels and normalization of the images that a network takes.
 *
 * <pre>{@code
 * ImageInput gray = ImageInput.square(28, 1);         // 28 x 28, pixels scaled to [-1, 1]
 * ImageInput photos = ImageInput.imageNet(224, 3);    // ImageNet's mean and standard deviation
 * }</pre>
 *
 * @param height in pixels
 * @param width in pixels
 * @param channels 1 for gray images, 3 for RGB
 * @param mean subtracted from pixels scaled to [0, 1], one value for each channel
 * @param std divides what is left, one value for each channel, above 0
 */
public record ImageInput(int height, int width, int channels, List<Float> mean, List<Float> std) {

  private static final int MAX_CHANNELS = 4096;

  /**
   * Checks the numbers. One mean or standard deviation stands for all channels.
   *
   * @param height above 0
   * @param width above 0
   * @param channels 1 to 4096
   * @param mean finite
   * @param std finite, above 0
   * @throws IllegalArgumentException if a number is out of its range, or there are not as many
   *     means or standard deviations as channels
   */
  public ImageInput {
    check(height > 0 && width > 0, "image size must be above 0, found " + width + " x " + height);
    check(channels > 0, "channels must be above 0, found " + channels);
    check(
        (double) height * width * channels <= Integer.MAX_VALUE,
        "an image must have at most %d values, found %d x %d x %d"
            .formatted(Integer.MAX_VALUE, height, width, channels));
    check(
        channels <= MAX_CHANNELS,
        "channels must be at most %d, found %d".formatted(MAX_CHANNELS, channels));
    mean = each("mean", mean, channels);
    std = each("std", std, channels);
    check(mean.stream().allMatch(Float::isFinite), "mean must be finite, found " + mean);
    check(
        std.stream().allMatch(value -> value > 0 && Float.isFinite(value)),
        "std must be above 0 and finite, found " + std);
  }

  private static List<Float> each(String name, List<Float> values, int channels) {
    List<Float> all = values.size() == 1 ? Collections.nCopies(channels, values.get(0)) : values;
    check(
        all.size() == channels,
        name + ": expected one number or one for each of " + channels + " channels, found " + all);
    return List.copyOf(all);
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * {@return square images whose pixels are scaled to [-1, 1]}
   *
   * @param size height and width, in pixels
   * @param channels 1 for gray images, 3 for RGB
   */
  public static ImageInput square(int size, int channels) {
    return new ImageInput(size, size, channels, List.of(0.5f), List.of(0.5f));
  }

  /**
   * {@return square images with the mean and standard deviation of ImageNet's pixels; of other than
   * three channels, with the average of the three}
   *
   * @param size height and width, in pixels
   * @param channels 1 for gray images, 3 for RGB
   */
  public static ImageInput imageNet(int size, int channels) {
    List<Float> mean = List.of(0.485f, 0.456f, 0.406f);
    List<Float> std = List.of(0.229f, 0.224f, 0.225f);
    return new ImageInput(size, size, 3, mean, std).withChannels(channels);
  }

  /**
   * {@return height and width of square images, in pixels}
   *
   * @throws IllegalArgumentException if the images are not square
   */
  public int size() {
    check(height == width, "expected square images, found " + width + " x " + height);
    return height;
  }

  /**
   * {@return the same images of another size}
   *
   * @param newSize height and width, in pixels
   */
  public ImageInput withSize(int newSize) {
    return new ImageInput(newSize, newSize, channels, mean, std);
  }

  /**
   * {@return the same images with other channels; if their number changes, all have the average
   * mean and standard deviation}
   *
   * @param newChannels 1 for gray images, 3 for RGB
   */
  public ImageInput withChannels(int newChannels) {
    return newChannels == channels
        ? this
        : new ImageInput(height, width, newChannels, average(mean), average(std));
  }

  private static List<Float> average(List<Float> values) {
    return List.of((float) values.stream().mapToDouble(Float::doubleValue).average().orElseThrow());
  }

  /**
   * {@return the same images with another normalization}
   *
   * @param newMean of pixels scaled to [0, 1], one value or one for each channel
   * @param newStd of pixels scaled to [0, 1], one value or one for each channel; above 0
   * @throws IllegalArgumentException if a number is out of its range
   */
  public ImageInput withNormalization(List<Float> newMean, List<Float> newStd) {
    return new ImageInput(height, width, channels, newMean, newStd);
  }

  /**
   * {@return the numbers of a text, one for each channel}
   *
   * @param text decimal numbers with commas between them, such as {@code 0.485,0.456,0.406}
   * @throws IllegalArgumentException if the text is anything else
   */
  public static List<Float> parseChannels(String text) {
    List<Float> values = new ArrayList<>();
    try {
      for (String part : text.split(",", -1)) {
        values.add(Float.parseFloat(part.trim()));
      }
      return List.copyOf(values);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "expected a number, or one for each channel such as R,G,B, found '" + text + "'", e);
    }
  }

  /**
   * {@return the text that {@link #parseChannels} reads}
   *
   * @param values one for each channel
   */
  public static String channelsText(List<Float> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}

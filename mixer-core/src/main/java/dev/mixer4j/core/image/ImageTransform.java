package dev.mixer4j.core.image;

import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way to resize and crop an image of any size to the square of a network's size. Preprocess
 * images the same way as during training, or accuracy suffers.
 *
 * <pre>{@code
 * ImageTransform transform = ImageTransform.parse("center-crop 0.875 bicubic"); // that is, TIMM
 * byte[] rgb = transform.apply(image, network.input());
 * }</pre>
 *
 * <p>Weight files hold the transform as a text: {@code center-crop 0.875 bicubic}, {@code squash
 * bilinear} or {@code fit}.
 *
 * @param mode what happens to sides of different length
 * @param cropFraction the share of the resized image's short side that is kept, above 0 and at most
 *     1; timm's {@code crop_pct}
 * @param interpolation the filter that resizes the image
 */
public record ImageTransform(Mode mode, double cropFraction, Interpolation interpolation) {

  /** What happens to sides of different length. */
  public enum Mode {
    /**
     * The short side is resized to {@code floor(imageSize / cropFraction)}, the long one in
     * proportion, and the middle is cropped: {@code transforms_imagenet_eval} of timm with its
     * default {@code crop_mode}, torchvision's {@code Resize} and {@code CenterCrop}; equal to them
     * to the bit.
     */
    CENTER_CROP,

    /** Both sides are resized to the network's size; nothing is cropped. Pillow, to the bit. */
    SQUASH,

    /**
     * The short side is resized to the network's size and the middle cropped, in TensorFlow and
     * without rounding to bytes: {@link Preprocessing#transform}.
     */
    FIT
  }

  private static final Pattern TEXT =
      Pattern.compile(
          "center-crop ([0-9]+(?:\\.[0-9]+)?) (bilinear|bicubic)|squash (bilinear|bicubic)|(fit)");

  /** timm's default for Google's Mixers: resize the short side to 256, keep the middle 224. */
  public static final ImageTransform TIMM = centerCrop(0.875, Interpolation.BICUBIC);

  /** For weights that finetune-cifar trained, which sees whole images. */
  public static final ImageTransform FIT = new ImageTransform(Mode.FIT, 1, Interpolation.BILINEAR);

  /**
   * Checks the numbers.
   *
   * @param mode decides what the others may be
   * @param cropFraction above 0 and at most 1; 1 unless the mode is {@link Mode#CENTER_CROP}
   * @param interpolation {@link Interpolation#BILINEAR} where the mode is {@link Mode#FIT}
   * @throws IllegalArgumentException if the fraction is outside (0, 1], or is not 1 in a mode that
   *     ignores it, or {@link Mode#FIT} is not bilinear
   */
  public ImageTransform {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(interpolation, "interpolation");
    if (!(cropFraction > 0 && cropFraction <= 1)) {
      throw new IllegalArgumentException(
          "cropFraction must be above 0 and at most 1, found " + cropFraction);
    }
    if (mode != Mode.CENTER_CROP && cropFraction != 1) {
      throw new IllegalArgumentException(mode + " has a cropFraction of 1, found " + cropFraction);
    }
    if (mode == Mode.FIT && interpolation != Interpolation.BILINEAR) {
      throw new IllegalArgumentException("FIT is bilinear, found " + interpolation);
    }
  }

  /**
   * {@return the middle of the image, resized by its short side; timm's {@code crop_mode="center"}}
   *
   * @param fraction of the resized short side that is kept, above 0 and at most 1
   * @param interpolation the filter
   * @throws IllegalArgumentException if the fraction is outside (0, 1]
   */
  public static ImageTransform centerCrop(double fraction, Interpolation interpolation) {
    return new ImageTransform(Mode.CENTER_CROP, fraction, interpolation);
  }

  /**
   * {@return the whole image, without its aspect ratio; timm's {@code crop_mode="squash"} with
   * {@code crop_pct} 1}
   *
   * @param interpolation the filter
   */
  public static ImageTransform squash(Interpolation interpolation) {
    return new ImageTransform(Mode.SQUASH, 1, interpolation);
  }

  /**
   * {@return the transform of a text that {@link #toString()} returns}
   *
   * @param text such as {@code center-crop 0.875 bicubic}
   * @throws IllegalArgumentException if the text is anything else, or its fraction outside (0, 1]
   */
  public static ImageTransform parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "expected a transform such as '%s', '%s' or '%s', found '%s'"
              .formatted(TIMM, squash(Interpolation.BILINEAR), FIT, text));
    }
    if (parts.group(4) != null) {
      return FIT;
    }
    return parts.group(3) != null
        ? squash(Interpolation.of(parts.group(3)))
        : centerCrop(Double.parseDouble(parts.group(1)), Interpolation.of(parts.group(2)));
  }

  /** Such as {@code center-crop 0.875 bicubic}, {@code squash bilinear} or {@code fit}. */
  @Override
  public String toString() {
    return switch (mode) {
      case CENTER_CROP ->
          "center-crop %s %s"
              .formatted(
                  BigDecimal.valueOf(cropFraction).stripTrailingZeros().toPlainString(),
                  interpolation);
      case SQUASH -> "squash " + interpolation;
      case FIT -> "fit";
    };
  }

  /**
   * {@return the transformed image, [size, size, channels], unsigned} {@link
   * Preprocessing#transform} does the same in TensorFlow.
   *
   * @param image of any size and type; transparency is ignored
   * @param input the images that the network takes, square
   * @throws IllegalArgumentException if the mode is {@link Mode#FIT}, which only TensorFlow does,
   *     or the image is too large or too narrow
   */
  public byte[] apply(BufferedImage image, ImageInput input) {
    if (mode == Mode.FIT) {
      throw new IllegalArgumentException("FIT is computed in TensorFlow only");
    }
    int size = input.size();
    int width = image.getWidth();
    int height = image.getHeight();
    if (mode == Mode.SQUASH) {
      return ImageResize.resize(
          image,
          interpolation,
          new ResizeAxis(0, width, size),
          new ResizeAxis(0, height, size),
          input.channels());
    }
    int resized = resizedSide(size);
    return ImageResize.resize(
        image,
        interpolation,
        middle(width, inProportion(image, width, resized), size),
        middle(height, inProportion(image, height, resized), size),
        input.channels());
  }

  /** The length of an image's short side after resizing, before cropping. */
  int resizedSide(int size) {
    return (int) Math.floor(size / cropFraction);
  }

  /** A side's length if the short one becomes {@code resized}, as in torchvision. */
  private static int inProportion(BufferedImage image, int side, int resized) {
    long length = (long) resized * side / Math.min(image.getWidth(), image.getHeight());
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "an image of %d x %d pixels is too narrow; crop it"
              .formatted(image.getWidth(), image.getHeight()));
    }
    return (int) length;
  }

  private static ResizeAxis middle(int length, int resized, int size) {
    // Python rounds halves to even too.
    return new ResizeAxis(0, length, resized, (int) Math.rint((resized - size) / 2.0), size);
  }
}

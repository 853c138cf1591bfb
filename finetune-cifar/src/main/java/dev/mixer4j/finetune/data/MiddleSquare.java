package dev.mixer4j.finetune.data;

import dev.mixer4j.core.image.ImageResize;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.image.ResizeAxis;
import java.awt.image.BufferedImage;

/**
 * The middle of a picture, scaled so that the picture's short side fits: bilinear, as Pillow's
 * {@code resize} with {@code BILINEAR} and a box, to the bit.
 */
final class MiddleSquare {

  private MiddleSquare() {}

  /**
   * Takes the middle of a picture.
   *
   * @return [size, size, channels], unsigned
   */
  static byte[] of(BufferedImage image, int size, int channels) {
    int side = Math.min(image.getWidth(), image.getHeight());
    return ImageResize.resize(
        image,
        Interpolation.BILINEAR,
        new ResizeAxis((image.getWidth() - side) / 2.0, side, size),
        new ResizeAxis((image.getHeight() - side) / 2.0, side, size),
        channels);
  }
}

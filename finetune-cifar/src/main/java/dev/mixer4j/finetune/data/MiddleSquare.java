package dev.mixer4j.finetune.data;

import dev.mixer4j.core.image.ImageResize;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.image.ResizeAxis;
import java.awt.image.BufferedImage;

/**
 * Crops the middle square of a picture and resizes it bilinearly, bit for bit as Pillow's {@code
 * resize} with {@code BILINEAR} and a box.
 */
final class MiddleSquare {

  private MiddleSquare() {}

  /** Returns [size, size, channels], unsigned. */
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

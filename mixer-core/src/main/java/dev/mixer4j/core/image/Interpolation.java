package dev.mixer4j.core.image;

import java.util.Locale;

/** The filters for resizing images, as in Pillow's Resample.c. */
public enum Interpolation {
  /** A triangle, over 2 pixels. */
  BILINEAR(1) {
    @Override
    double weight(double distance) {
      return Math.max(0, 1 - distance);
    }
  },

  /** Keys' cubic with a = -0.5, over 4 pixels. */
  BICUBIC(2) {
    @Override
    double weight(double distance) {
      if (distance < 1) {
        return ((A + 2) * distance - (A + 3)) * distance * distance + 1;
      }
      return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * A : 0;
    }
  };

  private static final double A = -0.5;

  private final int support;

  Interpolation(int support) {
    this.support = support;
  }

  /** The filter of a name that {@link #toString()} returns. */
  static Interpolation of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** As Pillow's users write it: {@code bicubic}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The distance from which on weights are zero. */
  int support() {
    return support;
  }

  /**
   * The weight of a pixel at a distance of 0 or more, before the weights are scaled to add up to 1.
   */
  abstract double weight(double distance);
}

package dev.mixer4j.core.image;

/**
 * The resizing of one axis of an image, for {@link ImageResize}. A part of the axis is resized, and
 * some pixels of the result are kept.
 *
 * <pre>{@code
 * ResizeAxis whole = new ResizeAxis(0, 640, 256);         // 640 pixels to 256
 * ResizeAxis middle = new ResizeAxis(0, 640, 256, 16, 224); // of those, the middle 224
 * }</pre>
 *
 * @param start of the part, in pixels of the image
 * @param extent of the part, above 0
 * @param size of the part after resizing, in pixels
 * @param from the first pixel of the result that is kept
 * @param count number of pixels that are kept
 */
public record ResizeAxis(double start, int extent, int size, int from, int count) {

  /**
   * Keeps the whole result.
   *
   * @param start of the part, in pixels of the image
   * @param extent of the part, above 0
   * @param size of the part after resizing, in pixels
   */
  public ResizeAxis(double start, int extent, int size) {
    this(start, extent, size, 0, size);
  }

  /** The sources of each pixel that is kept, for an axis of {@code length} pixels. */
  Taps taps(Interpolation interpolation, int length) {
    double scale = (double) extent / size;
    double stretch = Math.max(scale, 1); // when shrinking, the filter covers all pixels
    double shrink = 1 / stretch;
    double reach = interpolation.support() * stretch;
    int[] first = new int[count];
    int[][] weights = new int[count][];
    for (int i = 0; i < count; i++) {
      double centre = start + (from + i + 0.5) * scale;
      int left = (int) Math.max(0, centre - reach + 0.5);
      int right = (int) Math.min(length, centre + reach + 0.5);
      double[] shares = new double[right - left];
      double sum = 0;
      for (int x = 0; x < shares.length; x++) {
        shares[x] = interpolation.weight(Math.abs((left + x - centre + 0.5) * shrink));
        sum += shares[x];
      }
      first[i] = left;
      weights[i] = new int[shares.length];
      for (int x = 0; x < shares.length; x++) {
        weights[i][x] = fixedPoint(shares[x] / sum);
      }
    }
    return new Taps(first, weights);
  }

  private static int fixedPoint(double share) {
    return (int) (share * (1 << Taps.PLACES) + (share < 0 ? -0.5 : 0.5));
  }

  /**
   * The sources of each resized pixel.
   *
   * @param first the index of the first source
   * @param weights of that and the following sources, in fixed point
   */
  record Taps(int[] first, int[][] weights) {

    /** Binary places of a weight. */
    static final int PLACES = 22;

    /** The first source of all. */
    int begin() {
      return first[0];
    }

    /** The end, exclusive, of all sources. */
    int end() {
      int last = first.length - 1;
      return first[last] + weights[last].length;
    }
  }
}

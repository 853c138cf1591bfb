package dev.mixer4j.core;

/**
 * What becomes of one axis of an image, its width or its height: a part of it is resized, and of
 * the result some pixels are wanted.
 *
 * @param start of the part, in pixels of the image
 * @param extent of the part, above 0
 * @param size that the part becomes, in pixels of the result
 * @param from the first wanted one of these
 * @param count of wanted ones
 */
public record ResizeAxis(double start, int extent, int size, int from, int count) {

  /**
   * Makes one whose resized part is wanted whole.
   *
   * @param start of the part, in pixels of the image
   * @param extent of the part, above 0
   * @param size that the part becomes, in pixels of the result
   */
  public ResizeAxis(double start, int extent, int size) {
    this(start, extent, size, 0, size);
  }

  /** The pixels which each wanted one is made of, for an axis of {@code length} pixels. */
  Taps taps(Interpolation interpolation, int length) {
    double scale = (double) extent / size;
    double stretch = Math.max(scale, 1); // where it shrinks, the filter covers what is left out
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
   * Which pixels of an axis each resized pixel is made of, and how much of each.
   *
   * @param first the first one's place
   * @param weights of that and the following ones, in fixed point
   */
  record Taps(int[] first, int[][] weights) {

    /** Binary places of a weight. */
    static final int PLACES = 22;

    /** The first pixel that is of any use. */
    int begin() {
      return first[0];
    }

    /** Behind the last pixel that is of any use. */
    int end() {
      int last = first.length - 1;
      return first[last] + weights[last].length;
    }
  }
}

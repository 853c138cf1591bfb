package dev.mixer4j.core;

/**
 * One value per colour channel, such as a mean over pixels scaled to [0, 1].
 *
 * @param red the first channel's value
 * @param green the second channel's value
 * @param blue the third channel's value
 */
public record Rgb(float red, float green, float blue) {

  /**
   * {@return the same value in all three channels}
   *
   * @param value of each channel
   */
  public static Rgb gray(float value) {
    return new Rgb(value, value, value);
  }

  /**
   * Reads {@code R,G,B}, for example {@code 0.485,0.456,0.406}; one number stands for all three.
   *
   * @param text one or three decimal numbers
   * @return the three values
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Rgb parse(String text) {
    String[] parts = text.split(",", -1);
    try {
      if (parts.length == 1) {
        return gray(Float.parseFloat(parts[0].trim()));
      }
      if (parts.length == 3) {
        return new Rgb(
            Float.parseFloat(parts[0].trim()),
            Float.parseFloat(parts[1].trim()),
            Float.parseFloat(parts[2].trim()));
      }
    } catch (NumberFormatException e) {
      // Falls through to the one message for all malformed texts.
    }
    throw new IllegalArgumentException("expected R,G,B (three numbers), found '" + text + "'");
  }

  /** {@return the channels in the order red, green, blue} */
  public float[] toArray() {
    return new float[] {red, green, blue};
  }

  @Override
  public String toString() {
    return red + "," + green + "," + blue;
  }
}

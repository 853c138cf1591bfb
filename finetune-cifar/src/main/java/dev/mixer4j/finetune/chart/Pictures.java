package dev.mixer4j.finetune.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** Colours, fonts, canvas and PNG files of all pictures. */
public final class Pictures {

  public static final Color INK = new Color(0x1f2933);
  public static final Color FAINT = new Color(0x8a94a0);
  public static final Color GRID = new Color(0xe3e7eb);
  public static final Color RIGHT = new Color(0x1a7f37);
  public static final Color WRONG = new Color(0xc62828);

  /** Five colours that can be told apart, also by the colour-blind and on dark pages. */
  private static final int[] SERIES = {0x3f7fd0, 0xe8890c, 0x2f9e63, 0xd0404a, 0x9a5fc4};

  private Pictures() {}

  /** The colour of a curve; they repeat after five, with another {@link Curve#style}. */
  public static Color series(int index) {
    return new Color(SERIES[index % SERIES.length]);
  }

  public static Font font(int size) {
    return new Font(Font.SANS_SERIF, Font.PLAIN, size);
  }

  public static Font bold(int size) {
    return font(size).deriveFont(Font.BOLD);
  }

  public static BufferedImage canvas(int width, int height) {
    return new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
  }

  /** Fills a canvas with white; the caller disposes of the graphics. */
  public static Graphics2D graphics(BufferedImage canvas) {
    Graphics2D g = canvas.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
    g.setColor(INK);
    return g;
  }

  /** The text, or its longest start that fits with an ellipsis. */
  public static String fit(Graphics2D g, String text, int width) {
    if (g.getFontMetrics().stringWidth(text) <= width) {
      return text;
    }
    int end = Math.min(text.length(), 200);
    while (end > 0 && g.getFontMetrics().stringWidth(text.substring(0, end) + "…") > width) {
      end--;
    }
    return text.substring(0, end) + "…";
  }
}

package dev.mixer4j.finetune.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Draws the confusion matrix: true classes down, predicted ones across. The colour shows the share
 * of the row's images, the number their count. Numbers are left out for many classes, and names
 * where they would overlap.
 */
public record ConfusionMatrixPicture(int[][] counts, List<String> names, int cell, Font font) {

  private static final int MATRIX = 700;
  private static final int MIN_CELL = 11;
  private static final int MAX_CELL = 64;
  private static final int MAX_NAME = 170;
  private static final int MARGIN = 24;
  private static final int NUMBERED_CLASSES = 20;

  /** From 0 to 1: light to dark, so that it prints in gray too. */
  private static final int[] SCALE = {0xf7fbff, 0xc6dbef, 0x6baed6, 0x2171b5, 0x08306b};

  /** Draws counts, [true class][predicted class]. */
  public static BufferedImage draw(int[][] counts, List<String> names) {
    int classes = counts.length;
    // A thousand classes get about a pixel each.
    int least = classes <= 200 ? MIN_CELL : Math.max(1, 2000 / classes);
    int cell = Math.max(least, Math.min(MAX_CELL, MATRIX / classes));
    Font font = Pictures.font(Math.max(11, Math.min(14, cell)));
    return new ConfusionMatrixPicture(counts, names, cell, font).draw();
  }

  private BufferedImage draw() {
    int nameWidth = nameWidth();
    int side = cell * counts.length;
    int left = MARGIN + 26 + nameWidth + 8;
    int top = MARGIN + 30;
    int width = left + side + 110;
    BufferedImage image = Pictures.canvas(width, top + side + 8 + nameWidth + 34 + MARGIN / 2);
    Graphics2D g = Pictures.graphics(image);
    g.setFont(Pictures.bold(16));
    g.drawString("Confusion matrix", left, MARGIN + 10);
    g.translate(left, top);
    drawCells(g);
    drawNames(g, nameWidth);
    g.setFont(Pictures.bold(14));
    centred(g, "predicted class", side / 2, side + 8 + nameWidth + 26);
    AffineTransform straight = g.getTransform();
    g.rotate(-Math.PI / 2);
    centred(g, "true class", -side / 2, -nameWidth - 18);
    g.setTransform(straight);
    g.translate(side + 24, 0);
    drawScale(g, Math.min(side, 300));
    g.dispose();
    return image;
  }

  private int nameWidth() {
    Graphics2D g = Pictures.graphics(Pictures.canvas(1, 1));
    g.setFont(font);
    int widest =
        names.stream().mapToInt(name -> g.getFontMetrics().stringWidth(name)).max().orElse(0);
    g.dispose();
    return Math.min(MAX_NAME, widest);
  }

  private void drawCells(Graphics2D g) {
    int classes = counts.length;
    int side = cell * classes;
    for (int row = 0; row < classes; row++) {
      int total = IntStream.of(counts[row]).sum();
      for (int column = 0; column < classes; column++) {
        double share = total == 0 ? 0 : (double) counts[row][column] / total;
        g.setColor(total == 0 ? Pictures.GRID : colour(share));
        g.fillRect(column * cell, row * cell, cell, cell);
        if (classes <= NUMBERED_CLASSES) {
          String number = Integer.toString(counts[row][column]);
          int size = Math.min(14, (int) (1.55 * (cell - 4) / number.length())); // six digits fit
          g.setFont(Pictures.font(size));
          g.setColor(share > 0.5 ? Color.WHITE : share == 0 ? Pictures.FAINT : Pictures.INK);
          int middle = row * cell + cell / 2 + size * 3 / 8;
          centred(g, number, column * cell + cell / 2, middle);
        }
      }
    }
    g.setColor(Pictures.GRID);
    if (cell >= MIN_CELL) {
      for (int i = 0; i <= classes; i++) {
        g.drawLine(0, i * cell, side, i * cell);
        g.drawLine(i * cell, 0, i * cell, side);
      }
    }
    g.setColor(Pictures.FAINT);
    g.drawRect(0, 0, side, side);
  }

  private void drawNames(Graphics2D g, int nameWidth) {
    g.setFont(font);
    g.setColor(Pictures.INK);
    int every = (font.getSize() + cell) / cell;
    int step = cell >= MIN_CELL ? 1 : every;
    int below = cell * counts.length + 8;
    AffineTransform straight = g.getTransform();
    for (int i = 0; i < names.size(); i += step) {
      String name = Pictures.fit(g, names.get(i), nameWidth);
      int width = g.getFontMetrics().stringWidth(name);
      int middle = i * cell + cell / 2 + font.getSize() * 3 / 8;
      g.drawString(name, -8 - width, middle);
      g.translate(middle, below);
      g.rotate(-Math.PI / 2);
      g.drawString(name, -width, 0);
      g.setTransform(straight);
    }
  }

  private static void drawScale(Graphics2D g, int height) {
    for (int y = 0; y < height; y++) {
      g.setColor(colour(1 - (double) y / (height - 1)));
      g.drawLine(0, y, 14, y);
    }
    g.setColor(Pictures.FAINT);
    g.drawRect(0, 0, 15, height - 1);
    g.setColor(Pictures.INK);
    g.setFont(Pictures.font(12));
    g.drawString("100%", 22, 10);
    g.drawString("50%", 22, height / 2 + 4);
    g.drawString("0%", 22, height);
    g.drawString("of the row", 0, height + 20);
  }

  static Color colour(double share) {
    double place = share * (SCALE.length - 1);
    int below = Math.min(SCALE.length - 2, (int) place);
    int rgb = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int from = SCALE[below] >> shift & 0xff;
      int to = SCALE[below + 1] >> shift & 0xff;
      rgb |= (int) Math.round(from + (to - from) * (place - below)) << shift;
    }
    return new Color(rgb);
  }

  private static void centred(Graphics2D g, String text, int x, int y) {
    g.drawString(text, x - g.getFontMetrics().stringWidth(text) / 2, y);
  }
}

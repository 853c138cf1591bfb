package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.data.LabelledImages;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Some test images with their labels and predictions: the most confident mistakes, then images that
 * were classified correctly.
 */
final class SamplesPicture {

  private static final int COLUMNS = 8;
  private static final int MAX_MISTAKES = 24;
  private static final int MAX_IMAGES = 40;
  private static final int SIZE = 96;
  private static final int GAP = 24;
  private static final int CELL_WIDTH = SIZE + GAP;
  private static final int CELL_HEIGHT = SIZE + 50;
  private static final int HEADER = 44;

  private SamplesPicture() {}

  static BufferedImage draw(LabelledImages images, Classifications scores) {
    List<Integer> mistakes = mistakes(scores);
    List<Integer> right = right(scores, MAX_IMAGES - mistakes.size());
    int mistakeRows = rows(mistakes);
    int sections = (mistakes.isEmpty() ? 0 : 1) + (right.isEmpty() ? 0 : 1);
    BufferedImage canvas =
        Pictures.canvas(
            COLUMNS * CELL_WIDTH + GAP,
            sections * HEADER + (mistakeRows + rows(right)) * CELL_HEIGHT + GAP / 2);
    Graphics2D g = Pictures.graphics(canvas);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    int y = 0;
    if (!mistakes.isEmpty()) {
      long all = IntStream.range(0, scores.images()).filter(i -> !scores.isCorrect(i)).count();
      header(g, y, "Mistakes: the %d most confident of %d".formatted(mistakes.size(), all));
      y += HEADER;
      drawAll(g, y, mistakes, images, scores);
      y += mistakeRows * CELL_HEIGHT;
    }
    if (!right.isEmpty()) {
      header(g, y, "Correct");
      drawAll(g, y + HEADER, right, images, scores);
    }
    g.dispose();
    return canvas;
  }

  private static List<Integer> mistakes(Classifications scores) {
    return IntStream.range(0, scores.images())
        .filter(i -> !scores.isCorrect(i))
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -certainty(scores, i)))
        .limit(MAX_MISTAKES)
        .toList();
  }

  /** Evenly spread, so that sorted data shows every class. */
  private static List<Integer> right(Classifications scores, int limit) {
    int[] all = IntStream.range(0, scores.images()).filter(scores::isCorrect).toArray();
    int count = Math.min(limit, all.length);
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      chosen.add(all[(int) ((long) i * all.length / count)]);
    }
    return chosen;
  }

  private static double certainty(Classifications scores, int image) {
    return scores.probability(image, scores.prediction(image));
  }

  private static int rows(List<Integer> images) {
    return (images.size() + COLUMNS - 1) / COLUMNS;
  }

  private static void header(Graphics2D g, int y, String text) {
    g.setColor(Pictures.INK);
    g.setFont(Pictures.bold(16));
    g.drawString(text, GAP, y + 29);
  }

  private static void drawAll(
      Graphics2D g, int top, List<Integer> indices, LabelledImages images, Classifications scores) {
    for (int i = 0; i < indices.size(); i++) {
      int x = GAP + i % COLUMNS * CELL_WIDTH;
      int y = top + i / COLUMNS * CELL_HEIGHT;
      draw(g, x, y, indices.get(i), images, scores);
    }
  }

  private static void draw(
      Graphics2D g, int x, int y, int index, LabelledImages images, Classifications scores) {
    double scale = (double) SIZE / Math.max(images.width(), images.height());
    int width = Math.max(1, (int) Math.round(scale * images.width()));
    int height = Math.max(1, (int) Math.round(scale * images.height()));
    g.drawImage(
        image(images, index), x + (SIZE - width) / 2, y + (SIZE - height) / 2, width, height, null);
    int predicted = scores.prediction(index);
    g.setFont(Pictures.font(12));
    g.setColor(Pictures.INK);
    g.drawString(
        Pictures.fit(g, "true: " + scores.classNames().get(scores.label(index)), SIZE + GAP - 6),
        x,
        y + SIZE + 16);
    g.setFont(Pictures.bold(12));
    g.setColor(scores.isCorrect(index) ? Pictures.RIGHT : Pictures.WRONG);
    String certainty = percent(certainty(scores, index));
    int left = SIZE + GAP - 6 - g.getFontMetrics().stringWidth(" " + certainty);
    String said = Pictures.fit(g, scores.classNames().get(predicted), left);
    g.drawString(said + " " + certainty, x, y + SIZE + 32);
  }

  /** Never 100% for less. */
  private static String percent(double share) {
    return share >= 0.995 && share < 1 ? ">99%" : String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }

  private static BufferedImage image(LabelledImages images, int index) {
    byte[] bytes = images.bytes(index);
    int channels = images.channels();
    BufferedImage image = Pictures.canvas(images.width(), images.height());
    for (int p = 0; p < images.width() * images.height(); p++) {
      int rgb = 0;
      for (int c = 0; c < 3; c++) { // a gray level is red, green and blue
        rgb = rgb << 8 | bytes[channels * p + Math.min(c, channels - 1)] & 0xff;
      }
      image.setRGB(p % images.width(), p / images.width(), rgb);
    }
    return image;
  }
}

package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.data.LabelledImages;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Draws test images with labels and predictions: the most confident mistakes, then correct ones.
 */
record SamplesPicture(LabelledImages images, Classifications scores) {

  private static final int COLUMNS = 8;
  private static final int MAX_MISTAKES = 24;
  private static final int MAX_IMAGES = 40;
  private static final int SIZE = 96;
  private static final int GAP = 24;
  private static final int CELL_WIDTH = SIZE + GAP;
  private static final int CELL_HEIGHT = SIZE + 50;
  private static final int HEADER = 44;

  BufferedImage draw() {
    int[] wrong = all().filter(i -> !scores.isCorrect(i)).toArray();
    List<Integer> mistakes =
        Arrays.stream(wrong)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -certainty(i)))
            .limit(MAX_MISTAKES)
            .toList();
    int[] correct = all().filter(scores::isCorrect).toArray();
    int count = Math.min(MAX_IMAGES - mistakes.size(), correct.length);
    // Evenly spaced, so that data sorted by class shows every class.
    List<Integer> right =
        IntStream.range(0, count)
            .mapToObj(i -> correct[(int) ((long) i * correct.length / count)])
            .toList();
    int height = height(mistakes) + height(right) + GAP / 2;
    BufferedImage canvas = Pictures.canvas(COLUMNS * CELL_WIDTH + GAP, height);
    Graphics2D g = Pictures.graphics(canvas);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    section(
        g,
        0,
        "Mistakes: the %d most confident of %d".formatted(mistakes.size(), wrong.length),
        mistakes);
    section(g, height(mistakes), "Correct", right);
    g.dispose();
    return canvas;
  }

  private IntStream all() {
    return IntStream.range(0, scores.images());
  }

  private double certainty(int image) {
    return scores.probabilities()[image][scores.prediction(image)];
  }

  private static int height(List<Integer> section) {
    int rows = (section.size() + COLUMNS - 1) / COLUMNS;
    return rows == 0 ? 0 : HEADER + rows * CELL_HEIGHT;
  }

  private void section(Graphics2D g, int top, String title, List<Integer> indices) {
    if (!indices.isEmpty()) {
      g.setColor(Pictures.INK);
      g.setFont(Pictures.bold(16));
      g.drawString(title, GAP, top + 29);
    }
    for (int i = 0; i < indices.size(); i++) {
      int x = GAP + i % COLUMNS * CELL_WIDTH;
      draw(g, x, top + HEADER + i / COLUMNS * CELL_HEIGHT, indices.get(i));
    }
  }

  private void draw(Graphics2D g, int x, int y, int index) {
    double scale = (double) SIZE / Math.max(images.width(), images.height());
    int width = Math.max(1, (int) Math.round(scale * images.width()));
    int height = Math.max(1, (int) Math.round(scale * images.height()));
    int left = x + (SIZE - width) / 2;
    g.drawImage(image(index), left, y + (SIZE - height) / 2, width, height, null);
    g.setFont(Pictures.font(12));
    g.setColor(Pictures.INK);
    String label = "true: " + scores.classNames().get(scores.labels()[index]);
    g.drawString(Pictures.fit(g, label, SIZE + GAP - 6), x, y + SIZE + 16);
    g.setFont(Pictures.bold(12));
    g.setColor(scores.isCorrect(index) ? Pictures.RIGHT : Pictures.WRONG);
    String certainty = " " + percent(certainty(index));
    int room = SIZE + GAP - 6 - g.getFontMetrics().stringWidth(certainty);
    String predicted = Pictures.fit(g, scores.classNames().get(scores.prediction(index)), room);
    g.drawString(predicted + certainty, x, y + SIZE + 32);
  }

  /** "100%" for exactly 1 only. */
  private static String percent(double share) {
    return share >= 0.995 && share < 1 ? ">99%" : String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }

  private BufferedImage image(int index) {
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

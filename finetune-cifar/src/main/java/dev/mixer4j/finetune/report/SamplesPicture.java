package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.chart.Pictures;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/** Draws images with labels and predictions: the most confident mistakes, then correct ones. */
record SamplesPicture(Samples samples) {

  private static final int COLUMNS = 8;
  private static final int SIZE = 96;
  private static final int GAP = 24;
  private static final int CELL_WIDTH = SIZE + GAP;
  private static final int CELL_HEIGHT = SIZE + 50;
  private static final int HEADER = 44;

  BufferedImage draw() {
    List<Integer> mistakes = samples.mistakes();
    List<Integer> right = samples.correct();
    int height = height(mistakes) + height(right) + GAP / 2;
    BufferedImage canvas = Pictures.canvas(COLUMNS * CELL_WIDTH + GAP, height);
    Graphics2D g = Pictures.graphics(canvas);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    section(g, 0, samples.mistakesTitle(), mistakes);
    section(g, height(mistakes), "Correct", right);
    g.dispose();
    return canvas;
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
    BufferedImage image = samples.image(index);
    double scale = (double) SIZE / Math.max(image.getWidth(), image.getHeight());
    int width = Math.max(1, (int) Math.round(scale * image.getWidth()));
    int height = Math.max(1, (int) Math.round(scale * image.getHeight()));
    int left = x + (SIZE - width) / 2;
    g.drawImage(image, left, y + (SIZE - height) / 2, width, height, null);
    g.setFont(Pictures.font(12));
    g.setColor(Pictures.INK);
    String label = "true: " + samples.label(index);
    g.drawString(Pictures.fit(g, label, SIZE + GAP - 14), x, y + SIZE + 16);
    g.setFont(Pictures.bold(12));
    g.setColor(samples.scores().isCorrect(index) ? Pictures.RIGHT : Pictures.WRONG);
    String certainty = " " + samples.certainty(index);
    int room = SIZE + GAP - 14 - g.getFontMetrics().stringWidth(certainty);
    g.drawString(Pictures.fit(g, samples.prediction(index), room) + certainty, x, y + SIZE + 32);
  }
}

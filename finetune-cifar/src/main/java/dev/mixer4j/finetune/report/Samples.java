package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.chart.Pictures;
import dev.mixer4j.finetune.data.LabelledImages;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** Classified images that are worth looking at. */
record Samples(LabelledImages images, Classifications scores) {

  private static final int MAX_MISTAKES = 24;
  private static final int MAX_IMAGES = 40;
  private static final int MAX_CONFUSIONS = 10;
  private static final int MAX_EXAMPLES = 4;
  private static final int PAGE_SIZE = 96;

  /**
   * A pair of classes of which one was taken for the other.
   *
   * @param examples the images of which the network was most certain
   */
  record Confusion(int label, int prediction, int count, List<Integer> examples) {}

  /** The mistakes of which the network was most certain. */
  List<Integer> mistakes() {
    return byCertainty(wrong()).stream().limit(MAX_MISTAKES).toList();
  }

  String mistakesTitle() {
    return "Mistakes: the %d most confident of %d".formatted(mistakes().size(), wrong().length);
  }

  /** Evenly spaced, so that data sorted by class shows every class. */
  List<Integer> correct() {
    int[] correct = IntStream.range(0, scores.images()).filter(scores::isCorrect).toArray();
    int count = Math.min(MAX_IMAGES - mistakes().size(), correct.length);
    return IntStream.range(0, count)
        .mapToObj(i -> correct[(int) ((long) i * correct.length / count)])
        .toList();
  }

  /** The most frequent confusions. */
  List<Confusion> confusions(int[][] counts) {
    List<Confusion> all = new ArrayList<>();
    for (int label = 0; label < counts.length; label++) {
      for (int other = 0; other < counts.length; other++) {
        if (label != other && counts[label][other] > 0) {
          all.add(new Confusion(label, other, counts[label][other], List.of()));
        }
      }
    }
    all.sort(Comparator.comparingInt(each -> -each.count));
    return all.stream().limit(MAX_CONFUSIONS).map(this::withExamples).toList();
  }

  private Confusion withExamples(Confusion pair) {
    int[] of =
        Arrays.stream(wrong())
            .filter(
                i -> scores.labels()[i] == pair.label && scores.prediction(i) == pair.prediction)
            .toArray();
    List<Integer> examples = byCertainty(of).stream().limit(MAX_EXAMPLES).toList();
    return new Confusion(pair.label, pair.prediction, pair.count, examples);
  }

  private int[] wrong() {
    return IntStream.range(0, scores.images()).filter(i -> !scores.isCorrect(i)).toArray();
  }

  private List<Integer> byCertainty(int[] indices) {
    return Arrays.stream(indices)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -probability(i)))
        .toList();
  }

  private double probability(int image) {
    return scores.probabilities()[image][scores.prediction(image)];
  }

  /** The probability of the predicted class; "100%" for exactly 1 only. */
  String certainty(int image) {
    double share = probability(image);
    return share >= 0.995 && share < 1 ? ">99%" : String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }

  String label(int image) {
    return scores.classNames().get(scores.labels()[image]);
  }

  String prediction(int image) {
    return scores.classNames().get(scores.prediction(image));
  }

  BufferedImage image(int index) {
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

  /** The source of an image in a page: small ones as they are, others as small JPEG files. */
  String source(int index) throws IOException {
    BufferedImage image = image(index);
    int largest = Math.max(image.getWidth(), image.getHeight());
    String format = "png";
    if (largest > PAGE_SIZE) {
      format = "jpeg";
      double scale = (double) PAGE_SIZE / largest;
      BufferedImage small =
          Pictures.canvas(
              Math.max(1, (int) (scale * image.getWidth())),
              Math.max(1, (int) (scale * image.getHeight())));
      Graphics2D g = small.createGraphics();
      g.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      g.drawImage(image, 0, 0, small.getWidth(), small.getHeight(), null);
      g.dispose();
      image = small;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.setUseCache(false);
    ImageIO.write(image, format, bytes);
    return "data:image/%s;base64,%s"
        .formatted(format, Base64.getEncoder().encodeToString(bytes.toByteArray()));
  }
}

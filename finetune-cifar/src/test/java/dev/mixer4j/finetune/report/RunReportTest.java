package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.finetune.chart.ConfusionMatrixPicture;
import dev.mixer4j.finetune.chart.SvgConfusionMatrix;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import dev.mixer4j.finetune.data.LabelledImages;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

  private static final List<String> NAMES = List.of("<b>cat</b>", "dog & \"co\"", "naïve 犬");
  private static final int WHITE = 0xffffffff;

  @TempDir Path dir;
  private LabelledImages images;
  private Classifications scores;

  @BeforeEach
  void makeInputs() throws IOException {
    int count = 60;
    byte[] file = new byte[count * 3073];
    new Random(5).nextBytes(file);
    for (int i = 0; i < count; i++) {
      file[i * 3073] = (byte) (i % 3);
    }
    Files.write(dir.resolve("test_batch.bin"), file);
    Files.writeString(dir.resolve("batches.meta.txt"), String.join("\n", NAMES));
    images = Datasets.open(dir, DatasetRequest.of(32)).test(count);
    int[] labels = images.labels(IntStream.range(0, count).toArray());
    float[][] logits = new float[count][3];
    Random random = new Random(6);
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 3; c++) {
        logits[i][c] = (float) random.nextGaussian() + (c == labels[i] ? 1 : 0);
      }
    }
    scores = Classifications.ofLogits(labels, logits, NAMES);
    Files.writeString(
        dir.resolve("metrics.csv"),
        """
        step,epoch,split,loss,accuracy
        0,0,test,1.5,0.3
        5,1,train,1.2,0.4
        10,1,train,1.1,0.5
        15,1,train,0.9,0.6
        15,1,test,1.0,0.5
        """);
  }

  private void write() throws IOException {
    ObjectNode config = new JsonMapper().createObjectNode();
    config.putObject("settings").put("batch_size", 16).put("note", "</td><script>x</script>");
    List<String> command = List.of("finetune-cifar", "train", "--out", "it's <here>");
    RunReport.write(
        dir, new RunSummary(command, config, "best.h5", 3, "test", 75.2), scores, images);
  }

  @Test
  void writesEachFileWhole() throws IOException {
    write();
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsAll(RunReport.FILES)
          .noneMatch(name -> name.endsWith(".part"));
    }
    for (String name : RunReport.FILES) {
      if (name.endsWith(".png")) {
        BufferedImage picture = ImageIO.read(dir.resolve(name).toFile());
        assertThat(picture.getWidth()).as(name).isBetween(300, 1100);
        assertThat(inks(picture)).as(name).isGreaterThan(1000);
      }
    }
    JsonNode json = new JsonMapper().readTree(dir.resolve("report.json").toFile());
    Metrics metrics = Metrics.of(scores);
    assertThat(json.get("accuracy").asDouble()).isEqualTo(metrics.accuracy());
    assertThat(json.get("loss").asDouble()).isEqualTo(metrics.loss());
    assertThat(json.get("confusion_matrix").get(1).get(1).asInt())
        .isEqualTo(metrics.confusion()[1][1]);
    assertThat(json.get("classes").get(2).get("name").asText()).isEqualTo(NAMES.get(2));
    assertThat(json.get("classes").get(2).get("auc").asDouble())
        .isEqualTo(json.get("roc").get("classes").get(2).get("auc").asDouble())
        .isEqualTo(metrics.classes().get(2).auc());
    assertThat(json.get("epoch").asInt()).isEqualTo(3);
    assertThat(json.get("command").asText())
        .isEqualTo("finetune-cifar train --out 'it'\\''s <here>'");
  }

  private static long inks(BufferedImage picture) {
    int[] pixels =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    return IntStream.of(pixels).filter(pixel -> pixel != WHITE).count();
  }

  @Test
  void thePageNeedsNothingElseAndEscapesWhatIsNotIts() throws IOException {
    write();
    String html = Files.readString(dir.resolve("report.html"));
    assertThat(html)
        .contains("&lt;b&gt;cat&lt;/b&gt;", "dog &amp; &quot;co&quot;", "naïve 犬")
        .contains("&lt;/td&gt;&lt;script&gt;", "it&#39;\\&#39;&#39;s &lt;here&gt;")
        .contains("batch size", "0:01:15", "macro average")
        .doesNotContain("<b>cat", "http:", "https:", "<link", "url(", "top-5");
    assertThat(html.split("<script>", -1)).hasSize(2);
    String script = html.substring(html.indexOf("<script>") + 8, html.indexOf("</script>"));
    assertThat(html).contains("script-src 'sha256-" + sha256(script) + "'");
    assertThat(html.split("src=", -1).length)
        .as("no other source")
        .isEqualTo(html.split(" src=\"data:image/png;base64,iVBOR", -1).length);
    assertThat(html).contains("%.2f%%".formatted(100 * Metrics.of(scores).accuracy()));
  }

  private static String sha256(String text) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  /** With the characters of the classes' names, which the browser's fonts have. */
  @Test
  void chartsAreSvgWithAlternativeTexts() throws Exception {
    write();
    String html = Files.readString(dir.resolve("report.html"));
    Matcher charts = Pattern.compile("(?s)<svg role=\"img\".*?</svg>").matcher(html);
    List<String> found = charts.results().map(MatchResult::group).toList();
    assertThat(found).hasSize(5); // loss, accuracy, confusions, confidence, ROC
    for (String chart : found) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(chart.getBytes(UTF_8))); // well-formed
      assertThat(chart).containsPattern("aria-label=\"[^\"]{20,}\"");
    }
    assertThat(found.get(0)).contains("test: from 1.5000 to 1.0000", "stroke=\"#3f7fd0\"");
    assertThat(found.get(1)).contains("train: from 40.00% to 60.00%");
    assertThat(found.get(2)).contains("naïve 犬", "&lt;b&gt;cat");
    assertThat(html).doesNotContain("alt=\"\"").contains("<th scope=\"col\">precision</th>");
  }

  /** A run of one row of each kind, as after a single short epoch. */
  @Test
  void aSinglePointIsVisible() throws IOException {
    Files.writeString(
        dir.resolve("metrics.csv"),
        "step,epoch,split,loss,accuracy\n4,1,train,1.0986,0.4\n4,1,test,1.0986,0.5\n");
    write();
    String html = Files.readString(dir.resolve("report.html"));
    String loss = html.substring(html.indexOf("Chart of loss"));
    assertThat(loss.substring(0, loss.indexOf("</svg>")).split("<circle", -1)).hasSize(3);
  }

  @Test
  void oneMacroAucInTheReport() throws IOException {
    write();
    String html = Files.readString(dir.resolve("report.html"));
    String auc = String.format(Locale.ROOT, "%.4f", Metrics.of(scores).roc().meanAuc());
    assertThat(html)
        .contains("<dt>macro AUC</dt><dd>" + auc)
        .contains("macro average  AUC " + auc)
        .containsPattern("<td>macro average</td>(<td>[^<]*</td>){3}<td>" + auc);
  }

  @Test
  void showsWhatWasTrainedAndWhatIsConfused() throws IOException {
    ObjectNode config =
        (ObjectNode)
            new JsonMapper()
                .readTree(
                    """
                    {"settings": {"optimizer": {"name": "adam", "beta1": 0.9}, "learning_rate": 0.001,
                      "schedule": "constant", "batch_size": 16, "epochs": 1, "seed": 7,
                      "validation_fraction": 0.1},
                     "weights": {}, "network": {"family": "lenet9"},
                     "data": {"path": "/d", "kind": "MNIST", "train_images": 1234, "split_seed": 3},
                     "versions": {"mixer4j": "Mixer4J 1", "tensorflow": "2.18.0", "processors": 2}}""");
    RunReport.write(
        dir, new RunSummary(List.of("finetune-cifar"), config, "b", 1, "test", 2), scores, images);
    String html = Files.readString(dir.resolve("report.html"));
    assertThat(html)
        .contains("<td>lenet9</td>", "<td>random weights</td>", "<td>MNIST, /d</td>")
        .contains("<td>adam, beta1 0.9, learning rate 0.001, constant, batches of 16, 1 epoch</td>")
        .contains("<td>1,234 train, 10.0% held out with split seed 3</td>", "<td>2 CPUs</td>")
        .contains("<td>Mixer4J 1, TensorFlow 2.18.0</td>")
        .doesNotContain("{&quot;");
    int[][] confusion = Metrics.of(scores).confusion();
    List<Samples.Confusion> top = new Samples(images, scores).confusions(confusion);
    assertThat(top).hasSize(6);
    for (int i = 0; i < top.size(); i++) {
      Samples.Confusion pair = top.get(i);
      assertThat(pair.count()).isEqualTo(confusion[pair.label()][pair.prediction()]);
      assertThat(i == 0 ? Integer.MAX_VALUE : top.get(i - 1).count())
          .isGreaterThanOrEqualTo(pair.count());
      assertThat(pair.examples()).isNotEmpty().hasSizeLessThanOrEqualTo(4);
      for (int image : pair.examples()) {
        assertThat(scores.labels()[image]).isEqualTo(pair.label());
        assertThat(scores.prediction(image)).isEqualTo(pair.prediction());
      }
    }
  }

  @Test
  void withoutMetricsThereAreNoCurves() throws IOException {
    write();
    Files.delete(dir.resolve("metrics.csv"));
    write();
    assertThat(dir.resolve("curves.png")).doesNotExist();
    assertThat(Files.readString(dir.resolve("report.html"))).doesNotContain("Learning curves");
  }

  @Test
  void refusesScoresOfOtherImages() {
    Classifications fewer =
        Classifications.ofLogits(new int[] {0}, new float[][] {{1, 0, 0}}, NAMES);
    RunSummary summary =
        new RunSummary(List.of(), new JsonMapper().createObjectNode(), "w", 0, "test", 1);
    assertThatThrownBy(() -> RunReport.write(dir, summary, fewer, images))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(dir.resolve("report.json")).doesNotExist();
  }

  @Test
  void confusionIsColouredByTheShareOfTheRow() {
    // 30 images of class 0, all found; 4 of class 1, half of them found; none of class 2.
    int[][] counts = {{30, 0, 0}, {2, 2, 0}, {0, 0, 0}};
    BufferedImage picture = ConfusionMatrixPicture.draw(counts, List.of("a", "b", "c"));
    int full = 0xff08306b;
    int half = 0xff6baed6;
    assertThat(count(picture, full)).isBetween(3000L, 64 * 64L + 100);
    assertThat(count(picture, half)).isBetween(6000L, 2 * 64 * 64L + 100);
  }

  private static long count(BufferedImage picture, int colour) {
    int[] pixels =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    return IntStream.of(pixels).filter(pixel -> pixel == colour).count();
  }

  @Test
  void anyNumberOfClassesCanBeDrawn() {
    for (int classes : new int[] {1, 2, 20, 21, 100, 1000}) {
      int images = 50;
      int[] labels = IntStream.range(0, images).map(i -> i % classes).toArray();
      float[][] logits = new float[images][classes];
      Random random = new Random(classes);
      for (float[] row : logits) {
        for (int c = 0; c < classes; c++) {
          row[c] = random.nextFloat();
        }
      }
      List<String> names =
          Collections.nCopies(classes, "a name that is far longer than any picture has room for");
      Metrics metrics = Metrics.of(Classifications.ofLogits(labels, logits, names));
      BufferedImage matrix = ConfusionMatrixPicture.draw(metrics.confusion(), names);
      assertThat(matrix.getWidth()).isBetween(200, 2500);
      assertThat(new RocChart(metrics.roc(), names).png().getWidth()).isEqualTo(960);
      if (classes <= SvgConfusionMatrix.MOST_CLASSES) {
        assertThat(SvgConfusionMatrix.draw(metrics.confusion(), names))
            .hasSizeBetween(500, 100_000);
      }
    }
  }

  @Test
  void smoothingIsTheDebiasedAverage() {
    Offset<Double> tiny = Offset.offset(1e-12);
    for (double value : LearningCurves.smooth(new double[] {3, 3, 3, 3})) {
      assertThat(value).isEqualTo(3, tiny);
    }
    double[] gap = LearningCurves.smooth(new double[] {1, Double.NaN, 4});
    double decay = 1 - 1 / 1.5;
    assertThat(gap[0]).isEqualTo(1);
    assertThat(gap[2]).isEqualTo((decay * 1 + 4) / (decay + 1), tiny);
  }
}

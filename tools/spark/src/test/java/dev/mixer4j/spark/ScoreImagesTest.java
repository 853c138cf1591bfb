package dev.mixer4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.Prediction;
import dev.mixer4j.core.image.ImageTransform;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreImagesTest {

  @TempDir private Path folder;

  @Test
  void aFolderGetsTheClassifiersOwnAnswers() throws IOException {
    Path images = photos("the photos [2]");
    Files.createDirectories(images.resolve("more/of them"));
    Files.copy(sample("ship"), images.resolve("more/of them/A SHIP.PNG"));
    jpeg(images.resolve("more/truck.jpeg"));
    Files.writeString(images.resolve("notes.txt"), "no image, by its name");
    byte[] whole = Files.readAllBytes(sample("ship"));
    Files.write(images.resolve("broken.png"), Arrays.copyOf(whole, whole.length / 2));
    Path output = folder.resolve("out of it.parquet");

    Job job = Job.score(images, output, "--top", "3", "--features", "--partitions", "1");

    assertThat(job.err()).isEmpty();
    assertThat(job.out()).contains("7 images in").contains("\n1 could not be classified");
    assertThat(job.code()).isZero();
    List<Row> rows = Job.read(output);
    assertThat(rows).hasSize(7);
    List<Row> good = rows.stream().filter(row -> row.getAs("error") == null).toList();
    List<BufferedImage> pictures = new ArrayList<>();
    for (Row row : good) {
      pictures.add(ImageIO.read(file(row)));
    }
    assertAnswers(good, "", pictures, ImageTransform.TIMM, 3);
    try (ImageClassifier classifier = ImageClassifier.load(Job.WEIGHTS)) {
      float[][] features = classifier.features(pictures);
      for (int i = 0; i < features.length; i++) {
        assertThat(good.get(i).getList(good.get(i).fieldIndex("features")))
            .isEqualTo(boxed(features[i]));
      }
    }
    Row bad = rows.stream().filter(row -> row.getAs("error") != null).findFirst().orElseThrow();
    assertThat(file(bad)).hasName("broken.png");
    assertThat((String) bad.getAs("error")).contains("this image cannot be read");
    for (String column : new String[] {"label", "index", "probability", "top", "features"}) {
      assertThat(bad.isNullAt(bad.fieldIndex(column))).isTrue();
    }
  }

  @Test
  void aTableKeepsItsColumnsButTheBytes() throws IOException {
    Path table = folder.resolve("table.parquet");
    byte[] ship = Files.readAllBytes(sample("ship"));
    byte[] truck = Files.readAllBytes(sample("truck"));
    Timestamp taken = Timestamp.valueOf("2026-11-22 12:34:56.789");
    StructType schema =
        new StructType()
            .add("photo", DataTypes.BinaryType)
            .add("label", DataTypes.StringType)
            .add("shown.to", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("taken", DataTypes.TimestampType);
    List<Row> given =
        List.of(
            RowFactory.create(ship, "a ship", new int[] {3, 1}, taken),
            RowFactory.create(null, "nothing", null, null),
            RowFactory.create(truck, null, new int[] {}, taken),
            RowFactory.create("GIF89a".getBytes(), "a gif", new int[] {2}, taken));
    Job.spark(
        s ->
            s.createDataset(given, Encoders.row(schema))
                .coalesce(1)
                .write()
                .parquet(table.toString()));
    Path output = folder.resolve("out.parquet");

    Job unnamed = Job.score(table, output);
    assertThat(unnamed.err())
        .startsWith("error: " + table + ": expected a column 'content', found photo, label,");
    assertThat(unnamed.code()).isEqualTo(3);
    Job clash = Job.score(table, output, "--image-column", "photo");
    assertThat(clash.err()).contains("has columns of the result's names already: label;");
    assertThat(clash.code()).isEqualTo(2);

    Job job = Job.score(table, output, "--image-column", "photo", "--prefix", "mixer_");

    assertThat(job.err()).isEmpty();
    assertThat(job.code()).isZero();
    List<Row> rows = Job.read(output);
    assertThat(rows.get(0).schema().fieldNames())
        .containsExactly(
            "label",
            "shown.to",
            "taken",
            "mixer_label",
            "mixer_index",
            "mixer_probability",
            "mixer_top",
            "mixer_error");
    assertThat(rows)
        .extracting(row -> row.get(0))
        .containsExactly("a ship", "nothing", null, "a gif");
    assertThat(rows.get(0).getList(1)).containsExactly(3, 1);
    assertThat(rows.get(1).get(1)).isNull();
    assertThat(rows.get(2).getList(1)).isEmpty();
    assertThat(rows.get(3).getTimestamp(2)).isEqualTo(taken);
    assertThat(rows)
        .extracting(row -> row.getAs("mixer_error"))
        .containsExactly(
            null,
            "expected an image, found null",
            null,
            "expected a PNG or JPEG image, found gif; convert it to one");
    assertAnswers(
        List.of(rows.get(0), rows.get(2)),
        "mixer_",
        List.of(read("ship"), read("truck")),
        ImageTransform.TIMM,
        5);
  }

  @Test
  void aTableMayHavePathsAndWeightsTheirOwnTransform() throws IOException {
    Path table = folder.resolve("paths.csv");
    Files.writeString(
        table,
        "where\n%s\n%s\n".formatted(sample("ship").toRealPath(), folder.resolve("gone.png")));
    Path output = folder.resolve("out.parquet");

    Job job = Job.score(table, output, "--image-column", "where", "--transform", "fit");

    assertThat(job.code()).isZero();
    List<Row> rows = Job.read(output);
    assertAnswers(rows.subList(0, 1), "", List.of(read("ship")), ImageTransform.FIT, 5);
    assertThat((String) rows.get(1).getAs("error")).contains("gone.png does not exist");
    assertThat((String) rows.get(1).getAs("where")).endsWith("gone.png");
  }

  @Test
  void tasksOfOneProcessShareOneModel() throws IOException {
    Job job =
        Job.score(
            photos("photos"),
            folder.resolve("o.parquet"),
            "--master",
            "local[2]",
            "--partitions",
            "4");

    assertThat(job.out()).contains("4 images in").contains("models loaded: 1\n");
    try (var files = Files.list(folder.resolve("o.parquet"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".parquet")).count())
          .as("tasks that wrote a file")
          .isGreaterThan(1);
    }
  }

  @Test
  void executorsOfTheirOwnProcessesGetTheWeights() throws IOException {
    // Spark starts them from SPARK_HOME, which the build names: a folder without Spark's jars.
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    String jars = "spark.executor.extraClassPath";
    System.setProperty(jars, System.getProperty("java.class.path"));
    try {
      Path weights = Files.copy(Job.WEIGHTS, folder.resolve("the 2nd weights.safetensors"));
      Job job =
          Job.run(
              "--weights",
              weights.toString(),
              "--images",
              photos("photos").toString(),
              "-o",
              folder.resolve("o.parquet").toString(),
              "--master",
              "local-cluster[1,2,1024]",
              "--partitions",
              "4");

      assertThat(job.err()).isEmpty();
      assertThat(job.out()).contains("4 images in").contains("models loaded: 1\n");
      assertThat(Job.read(folder.resolve("o.parquet")))
          .extracting(row -> row.getAs("error"))
          .containsOnlyNulls();
    } finally {
      System.clearProperty(jars);
    }
  }

  @Test
  void anOutputIsReplacedOnlyWhereAsked() throws IOException {
    Path images = photos("photos");
    Path output = folder.resolve("out.parquet");
    assertThat(Job.score(images, output).code()).isZero();
    Files.delete(images.resolve("ship.png"));

    Job refused = Job.score(images, output);
    assertThat(refused.err())
        .isEqualTo("error: " + output + ": it is there already; --overwrite replaces it\n");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(Job.read(output)).hasSize(4);

    assertThat(Job.score(images, output, "--overwrite").code()).isZero();
    assertThat(Job.read(output)).hasSize(3);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(images, output);
    }
  }

  @Test
  void overwriteDeletesNothingButTablesThatHoldNoImages() throws IOException {
    Path images = photos("photos");
    Job own = Job.score(images, images, "--overwrite");
    assertThat(own.err()).contains("it holds the images");
    assertThat(own.code()).isEqualTo(2);

    Path documents = Files.createDirectory(folder.resolve("documents"));
    Path letter = Files.writeString(documents.resolve("letter.txt"), "Dear");
    Job foreign = Job.score(images, documents, "--overwrite");
    assertThat(foreign.err()).contains("found no _SUCCESS in it; delete it first");
    assertThat(foreign.code()).isEqualTo(2);
    assertThat(letter).exists();
    assertThat(images.resolve("ship.png")).exists();
  }

  @Test
  void badInputIsOneLine() throws IOException {
    Path images = photos("photos");
    Path output = folder.resolve("out.parquet");
    Job weights =
        Job.run("--weights", "gone.h5", "--images", images.toString(), "-o", output.toString());
    assertThat(weights.err()).isEqualTo("error: gone.h5: no such file\n");
    assertThat(weights.code()).isEqualTo(3);

    Path gone = folder.resolve("gone");
    Job missing = Job.score(gone, output);
    assertThat(missing.err()).isEqualTo("error: " + gone + ": no such file\n");
    assertThat(missing.code()).isEqualTo(3);

    Path empty = Files.createDirectory(folder.resolve("empty"));
    Job none = Job.score(empty, output);
    assertThat(none.err())
        .isEqualTo("error: " + empty + ": expected images (.jpg, .jpeg, .png), found none\n");
    assertThat(none.code()).isEqualTo(3);

    Path table = Files.writeString(folder.resolve("no.parquet"), "no Parquet, by its content");
    Job unreadable = Job.score(table, output);
    assertThat(unreadable.err()).startsWith("error: " + table + ": Spark cannot read this");
    assertThat(unreadable.err().lines()).hasSize(1);
    assertThat(unreadable.code()).isEqualTo(3);
    assertThat(Job.score(images, output, "--top", "0").code()).isEqualTo(2);
    Job comma = Job.run("--weights", "a,b.h5", "--images", "x", "-o", output.toString());
    assertThat(comma.err()).startsWith("error: a,b.h5: Spark takes a comma for the end of a path;");
    assertThat(comma.code()).isEqualTo(2);
    assertThat(output).doesNotExist();
  }

  @Test
  void notOneImageIsAFailedCheck() throws IOException {
    Path images = Files.createDirectory(folder.resolve("photos"));
    Files.writeString(images.resolve("a.png"), "no image");
    Path output = folder.resolve("out.parquet");

    assertThat(Job.score(images, output).code()).isEqualTo(1);
    assertThat(Job.read(output)).hasSize(1);
  }

  /** That a row's answers are the classifier's for the same images in the same batch. */
  private static void assertAnswers(
      List<Row> rows,
      String prefix,
      List<BufferedImage> images,
      ImageTransform transform,
      int top) {
    try (ImageClassifier classifier = ImageClassifier.load(Job.WEIGHTS, transform)) {
      List<List<Prediction>> expected = classifier.classify(images, top);
      for (int i = 0; i < expected.size(); i++) {
        Row row = rows.get(i);
        List<Row> found = row.getList(row.fieldIndex(prefix + "top"));
        assertThat(found.stream().map(ScoreImagesTest::prediction).toList())
            .isEqualTo(expected.get(i));
        assertThat(
                new Prediction(
                    row.getAs(prefix + "index"),
                    row.getAs(prefix + "label"),
                    row.getAs(prefix + "probability")))
            .isEqualTo(expected.get(i).get(0));
      }
    }
  }

  private static Prediction prediction(Row row) {
    return new Prediction(row.getAs("index"), row.getAs("label"), row.getAs("probability"));
  }

  private static List<Float> boxed(float[] values) {
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }

  private static File file(Row row) {
    return new File(row.<String>getAs("path").substring("file:".length()));
  }

  private static Path sample(String name) {
    return Job.SAMPLE.resolve("images").resolve(name + ".png");
  }

  private static BufferedImage read(String name) throws IOException {
    return ImageIO.read(sample(name).toFile());
  }

  private static void jpeg(Path path) throws IOException {
    assertThat(ImageIO.write(read("truck"), "jpeg", path.toFile())).isTrue();
  }

  /** A folder with the sample's four images. */
  private Path photos(String name) throws IOException {
    Path images = Files.createDirectory(folder.resolve(name));
    for (String each : List.of("airplane", "automobile", "ship", "truck")) {
      Files.copy(sample(each), images.resolve(each + ".png"));
    }
    return images;
  }
}

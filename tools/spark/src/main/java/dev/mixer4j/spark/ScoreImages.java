package dev.mixer4j.spark;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code score-images} command: a Spark job. */
@Command(
    name = "score-images",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Classifies a folder or table of images with Apache Spark, into Parquet.",
      "Rows keep their columns, except the bytes of images, and get label, index, probability, top and"
          + " error: why an image could not be classified, which ends no job."
    },
    footer = {
      "",
      "Exit codes: 0 done, 1 not one image could be classified, 2 wrong usage, 3 bad input,"
          + " 4 internal error."
    })
public final class ScoreImages implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.h5",
      description = "Weights in one file of any readable format.")
  private Path weights;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "FOLDER|TABLE",
      description =
          "A folder with .jpg, .jpeg and .png files at any depth (as everywhere in Spark, names that"
              + " begin with _ or . are left out), or a table: .parquet, .orc, .json, .csv.")
  private String images;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT.parquet",
      description = "The result.")
  private String output;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "Spark's master (default: spark-submit's; without it local[*], all cores).")
  private String master;

  @Option(
      names = "--image-column",
      defaultValue = "content",
      paramLabel = "NAME",
      description = {
        "A table's column of images: their bytes (binary), or paths (string)",
        "(default: ${DEFAULT-VALUE})."
      })
  private String imageColumn;

  @Option(
      names = "--top",
      defaultValue = "5",
      paramLabel = "N",
      description = "Classes in the column top (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--features",
      description = "Add a column with the pooled features; a second pass through the network.")
  private boolean features;

  @Option(
      names = "--transform",
      paramLabel = "TRANSFORM",
      description =
          "How images are resized and cropped, such as 'center-crop 0.875 bicubic', 'squash bilinear' or"
              + " 'fit'; unless given, what the weights say, and timm's where they say nothing.")
  private String transform;

  @Option(
      names = "--prefix",
      defaultValue = "",
      paramLabel = "P_",
      description = "What the new columns' names start with.")
  private String prefix;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "Deal the images out into this many tasks; otherwise Spark decides.")
  private Integer partitions;

  @Option(names = "--overwrite", description = "Replace a table that is there already.")
  private boolean overwrite;

  @Option(
      names = "--verbose",
      description = "Show Spark's warnings, and where an error comes from.")
  private boolean verbose;

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    Cli.main(new ScoreImages(), args);
  }

  @Override
  public Integer call() throws IOException {
    requirePositive("--top", top);
    requirePositive("--partitions", partitions == null ? 1 : partitions);
    checkWeights();
    checkTransform();
    try (SparkSession spark = session()) {
      if (verbose) {
        spark.sparkContext().setLogLevel("WARN");
      }
      return run(spark);
    }
  }

  private int run(SparkSession spark) throws IOException {
    ResultTable result = new ResultTable(spark, output, overwrite, images);
    ImageSource source = ImageSource.open(spark, images, imageColumn);
    StructType columns = Scorer.columns(prefix, features);
    checkNames(source.kept(), columns);
    LongAccumulator loads = spark.sparkContext().longAccumulator("models loaded");
    Scorer scorer =
        new Scorer(
            weights.getFileName().toString(),
            transform,
            top,
            features,
            new SerializableConfiguration(spark.sessionState().newHadoopConf()),
            loads);
    StructType schema = source.kept().merge(columns, true);
    Dataset<Row> rows = partitions == null ? source.rows() : source.rows().repartition(partitions);
    long start = System.nanoTime();
    ResultTable.Counts counts;
    try {
      counts = result.write(rows.mapPartitions(scorer, Encoders.row(schema)), prefix + "error");
    } catch (Exception e) { // Scala throws checked exceptions that Java does not know of
      throw SparkFailure.of(e);
    }
    report(counts, loads.value(), (System.nanoTime() - start) / 1e9);
    return counts.failed() == counts.images() ? Cli.CHECK_FAILED : Cli.DONE;
  }

  private void report(ResultTable.Counts counts, long models, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        String.format(
            Locale.ROOT,
            "%s: %d images in %.1f s, %.1f a second; models loaded: %d",
            output,
            counts.images(),
            seconds,
            counts.images() / seconds,
            models));
    if (counts.failed() > 0) {
      out.println(
          "%d could not be classified; the column %serror says why"
              .formatted(counts.failed(), prefix));
    }
    out.flush();
  }

  /** Before Spark starts, which takes seconds here and more on a cluster. */
  private void checkTransform() {
    try {
      if (transform != null) {
        ImageTransform.parse(transform);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--transform: " + e.getMessage(), e);
    }
  }

  private void checkWeights() throws IOException {
    if (weights.toAbsolutePath().toString().contains(",")) {
      throw usage(
          weights + ": Spark takes a comma for the end of a path; rename the file or folder");
    }
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      if (checkpoint.network().classes() == 0) {
        throw new MixerException(weights + ": expected a head to classify with, found none");
      }
      List<Path> files = checkpoint.files();
      if (files.size() != 1) {
        throw new MixerException(
            "%s: expected weights in one file, which Spark takes to the executors, found %d;"
                    .formatted(weights, files.size())
                + " import-weights convert makes it one");
      }
    }
  }

  private void checkNames(StructType kept, StructType columns) {
    List<String> taken =
        Arrays.stream(columns.fieldNames())
            .filter(name -> Arrays.stream(kept.fieldNames()).anyMatch(name::equalsIgnoreCase))
            .toList();
    if (!taken.isEmpty()) {
      throw usage(
          "%s has columns of the result's names already: %s; --prefix gives those others"
              .formatted(images, String.join(", ", taken)));
    }
  }

  private void requirePositive(String option, int value) {
    if (value < 1) {
      throw usage(
          "Invalid value for option '%s': expected a whole number above 0, found '%d'"
              .formatted(option, value));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private SparkSession session() {
    SparkConf conf = new SparkConf().setAppName("score-images");
    if (master != null) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.master", "local[*]");
    if (conf.get("spark.master").startsWith("local")) {
      // Nothing for the network to reach, nor a page that nobody asked for.
      conf.setIfMissing("spark.ui.enabled", "false");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      conf.setIfMissing("spark.driver.host", "localhost");
    }
    // The executors fetch it as they start; what SparkContext.addFile adds did not reach them.
    String file = weights.toUri().toString();
    String others = conf.get("spark.files", "");
    conf.set("spark.files", others.isEmpty() ? file : file + "," + others);
    conf.setIfMissing("spark.executorEnv.TF_CPP_MIN_LOG_LEVEL", "3");
    // Rows that are read at once: thousands of images would fill the heap.
    conf.setIfMissing("spark.sql.parquet.columnarReaderBatchSize", "16");
    conf.setIfMissing("spark.sql.orc.columnarReaderBatchSize", "16");
    return SparkSession.builder().config(conf).getOrCreate();
  }
}

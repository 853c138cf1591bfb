package dev.mixer4j.spark;

import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;

/** A run of the command in this process, and what it wrote. */
record Job(int code, String out, String err) {

  static final Path SAMPLE = Path.of("..", "sample");
  static final Path WEIGHTS = SAMPLE.resolve("animals-mixer.safetensors");

  /** Runs the command on the sample's weights. */
  static Job score(Path images, Path output, String... more) {
    List<String> args = new ArrayList<>(List.of("--weights", WEIGHTS.toString()));
    Collections.addAll(args, "--images", images.toString(), "-o", output.toString());
    Collections.addAll(args, more);
    return run(args.toArray(String[]::new));
  }

  static Job run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        Cli.commandLine(new ScoreImages())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true));
    int code = line.execute(args);
    return new Job(code, out.toString(), err.toString());
  }

  /** The rows of a table. */
  static List<Row> read(Path table) throws IOException {
    List<Row> rows = new ArrayList<>();
    spark(spark -> rows.addAll(spark.read().parquet(table.toString()).collectAsList()));
    return rows;
  }

  /** Does something with a session of the tests' own: the command ends the one that it uses. */
  static void spark(Consumer<SparkSession> work) throws IOException {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "localhost")
            .getOrCreate()) {
      work.accept(spark);
    }
  }
}

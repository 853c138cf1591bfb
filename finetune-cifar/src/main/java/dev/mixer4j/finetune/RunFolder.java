package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.CheckpointWriter;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.TargetFormat;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** The folder of one training run, and its files. */
final class RunFolder implements AutoCloseable {

  static final String METRICS = "metrics.csv";
  static final String CONFIG = "config.json";
  static final String BEST = "best.h5";
  static final String FINAL = "final.h5";

  private final Path folder;
  private final Source source;
  private final Writer metrics;

  /**
   * Makes the folder and starts its metrics; files of an earlier run are removed.
   *
   * @param config goes to {@value #CONFIG}
   * @param source what its weights start from
   */
  RunFolder(Path folder, ObjectNode config, Source source) throws IOException {
    this.folder = folder;
    this.source = source;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException(folder + ": cannot be made: " + e, e);
    }
    for (String name : List.of(METRICS, CONFIG, BEST, FINAL)) {
      Files.deleteIfExists(folder.resolve(name));
    }
    Path beside = folder.resolve("." + CONFIG + ".part");
    new JsonMapper().writerWithDefaultPrettyPrinter().writeValue(beside.toFile(), config);
    Files.move(beside, folder.resolve(CONFIG), StandardCopyOption.ATOMIC_MOVE);
    this.metrics = Files.newBufferedWriter(folder.resolve(METRICS));
    line("step,epoch,split,loss,accuracy,images_per_second");
  }

  /**
   * Checks before any work that the folder may be used.
   *
   * @throws FileAlreadyExistsException if it holds something that may not be replaced
   */
  static void check(Path folder, boolean overwrite) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new IOException(folder + ": expected a folder for the run's files, found a file");
    }
    if (Files.exists(folder) && !overwrite) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        if (entries.iterator().hasNext()) {
          throw new FileAlreadyExistsException(folder.toString());
        }
      }
    }
  }

  /** Adds a row, which is on the disk when this returns. */
  void row(long step, int epoch, String split, Score score) throws IOException {
    line(
        String.format(
            Locale.ROOT,
            "%d,%d,%s,%.6f,%.6f,%.2f",
            step,
            epoch,
            split,
            score.loss(),
            score.accuracy(),
            score.imagesPerSecond()));
  }

  private void line(String text) throws IOException {
    try {
      metrics.write(text + "\n");
      metrics.flush();
    } catch (IOException e) { // says what went wrong, but not with which file
      throw new IOException(folder.resolve(METRICS) + ": " + e.getMessage(), e);
    }
  }

  /** Writes weights, which replace those of the same name. */
  void write(String name, MixerWeights weights) throws IOException {
    CheckpointWriter.write(
        folder.resolve(name), TargetFormat.H5, weights, source, true, bytes -> {});
  }

  /** A file of the run. */
  Path file(String name) {
    return folder.resolve(name);
  }

  @Override
  public void close() throws IOException {
    metrics.close();
  }
}

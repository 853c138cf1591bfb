package dev.mixer4j.finetune.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerFileException;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.report.AtomicFile;
import dev.mixer4j.finetune.report.FolderLock;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.report.TensorBoardLog;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/** The folder of one training run, and its files. */
public final class RunFolder implements AutoCloseable {

  public static final String METRICS = "metrics.csv";
  public static final String CONFIG = "config.json";
  public static final String BEST = "best.h5";
  public static final String FINAL = "final.h5";

  /** The weights before an update that failed. */
  public static final String LAST_GOOD = "last-good.h5";

  private static final String HEADER =
      "step,epoch,split,loss,accuracy,learning_rate,images_per_second,data_wait";

  private final Path folder;
  private final ModelInfo info;
  private final Writer metrics;
  private final TensorBoardLog events;
  private final FileChannel lock;

  private RunFolder(Path folder, ModelInfo info, long step, FileChannel lock) throws IOException {
    this.folder = folder;
    this.info = info;
    this.lock = lock;
    this.metrics = Files.newBufferedWriter(folder.resolve(METRICS), StandardOpenOption.APPEND);
    try {
      this.events = new TensorBoardLog(folder, step);
    } catch (IOException e) {
      metrics.close();
      throw e;
    }
  }

  /** Removes partly written weights of a process that was killed. */
  private static void removeLeftovers(Path folder) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, ".*.h5.*.part")) {
      for (Path part : found) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(part)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
        Files.delete(part);
      }
    }
  }

  /** Creates the folder and its metrics; files of an earlier run are removed. */
  public static RunFolder create(Path folder, ObjectNode config, ModelInfo info)
      throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new MixerFileException(folder, e);
    }
    return open(folder, info, 0, () -> clear(folder, config));
  }

  private static void clear(Path folder, ObjectNode config) throws IOException {
    for (String name : List.of(CONFIG, METRICS, BEST, FINAL, LAST_GOOD)) {
      Files.deleteIfExists(folder.resolve(name));
    }
    for (String name : RunReport.FILES) {
      Files.deleteIfExists(folder.resolve(name));
    }
    TensorBoardLog.delete(folder);
    TrainingCheckpoint.deleteAll(folder);
    write(folder.resolve(METRICS), HEADER + "\n");
    // Last: from now on the run can be resumed.
    write(folder.resolve(CONFIG), config.toPrettyString() + "\n");
  }

  /**
   * Opens a run to resume or extend; removes metrics of later steps, and of splits that are not
   * measured, and the report, which is written at the end.
   */
  public static RunFolder resume(
      Path folder, ObjectNode config, ModelInfo info, long step, String measured)
      throws IOException {
    return open(
        folder,
        info,
        step,
        () -> {
          Files.deleteIfExists(folder.resolve(RunReport.HTML)); // first: it marks a finished run
          takeBack(folder, step, measured);
          write(folder.resolve(CONFIG), config.toPrettyString() + "\n"); // it may be extended
        });
  }

  private interface Preparation {
    void run() throws IOException;
  }

  private static RunFolder open(Path folder, ModelInfo info, long step, Preparation preparation)
      throws IOException {
    FileChannel lock = FolderLock.lock(folder, "another training is at work in this folder");
    try {
      removeLeftovers(folder);
      preparation.run();
      return new RunFolder(folder, info, step, lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static void takeBack(Path folder, long step, String measured) throws IOException {
    StringBuilder kept = new StringBuilder(HEADER + "\n");
    Path metrics = folder.resolve(METRICS);
    if (step > 0 && Files.exists(metrics)) {
      String text = Files.readString(metrics, StandardCharsets.ISO_8859_1);
      text.substring(0, text.lastIndexOf('\n') + 1)
          .lines()
          .skip(1)
          .filter(row -> stays(metrics, row, step, measured))
          .forEach(row -> kept.append(row).append('\n'));
    }
    write(metrics, kept.toString());
  }

  /** The row of held-out test images comes after the last checkpoint, so it is removed. */
  private static boolean stays(Path metrics, String row, long step, String measured) {
    String[] columns = row.split(",", -1);
    if (columns.length < 3 || !columns[0].matches("[0-9]{1,18}")) {
      throw new MixerException(
          "%s: expected rows of %s, found '%s'; remove the row to resume"
              .formatted(metrics, HEADER, row));
    }
    String split = columns[2];
    return Long.parseLong(columns[0]) <= step
        && (split.equals(MetricsRow.TRAIN) || split.equals(measured));
  }

  private static void write(Path file, String text) throws IOException {
    AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  public static boolean isFinished(Path folder) {
    return Files.exists(folder.resolve(CONFIG)) && Files.exists(folder.resolve(RunReport.HTML));
  }

  /** Whether a new run in a folder would remove this file of weights. */
  public static boolean replaces(Path folder, Path weights) {
    return List.of(BEST, FINAL, LAST_GOOD).stream()
        .map(name -> folder.resolve(name).toAbsolutePath().normalize())
        .anyMatch(weights.toAbsolutePath().normalize()::equals);
  }

  /**
   * Checks before any work whether files can be written into a folder.
   *
   * @throws FileAlreadyExistsException if it has files that may not be replaced
   * @throws IOException if it is no folder, or nothing can be written there
   */
  public static void check(Path folder, boolean overwrite) throws IOException {
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
    Path existing = folder.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      Files.delete(Files.createTempDirectory(existing, ".try"));
    } catch (IOException e) {
      throw new IOException(folder + ": nothing can be written there: " + e.getMessage(), e);
    }
  }

  /** Adds a row, which survives the end of the process. */
  public void row(MetricsRow row) throws IOException {
    String line =
        String.format(
            Locale.ROOT,
            "%d,%d,%s,%.6f,%.6f,%.6g,%.2f,%.4f",
            row.step(),
            row.epoch(),
            row.split(),
            row.loss(),
            row.accuracy(),
            row.learningRate(),
            row.imagesPerSecond(),
            row.dataWait());
    try {
      metrics.write(line.replace("NaN", "") + "\n");
      metrics.flush();
    } catch (IOException e) { // the message does not name the file
      throw new IOException(folder.resolve(METRICS) + ": " + e.getMessage(), e);
    }
    events.add(row);
  }

  public void write(String name, Weights weights) throws IOException {
    CheckpointWriter.write(folder.resolve(name), TargetFormat.H5, weights, info, true, bytes -> {});
  }

  public Path file(String name) {
    return folder.resolve(name);
  }

  public Path path() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    try (lock;
        events) {
      metrics.close();
    }
  }
}

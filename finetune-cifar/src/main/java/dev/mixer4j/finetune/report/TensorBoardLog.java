package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.progress.MetricsRow;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run's metrics for TensorBoard, in the folder {@value #FOLDER} of the run's: one series of files
 * for training and one for the test images, with the same tags, so that TensorBoard draws both into
 * one picture.
 */
public final class TensorBoardLog implements Closeable {

  /** The folder of the event files, in the run's. */
  public static final String FOLDER = "tensorboard";

  private final EventFile train;
  private final EventFile test;

  /**
   * Begins the files.
   *
   * @param run the run's folder
   * @param step that a resumed run goes on after, 0 for a new one
   */
  public TensorBoardLog(Path run, long step) throws IOException {
    Path folder = run.resolve(FOLDER);
    train = EventFile.create(folder.resolve(MetricsRow.TRAIN), step);
    try {
      test = EventFile.create(folder.resolve(MetricsRow.TEST), step);
    } catch (IOException e) {
      train.close();
      throw e;
    }
  }

  /**
   * Removes an earlier run's files, which TensorBoard would take for the beginning of a new one's.
   */
  public static void delete(Path run) throws IOException {
    for (String split : List.of(MetricsRow.TRAIN, MetricsRow.TEST)) {
      Path folder = run.resolve(FOLDER).resolve(split);
      if (Files.isDirectory(folder)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, EventFile.NAMES)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
      }
    }
  }

  /** Adds what a row of {@code metrics.csv} says. */
  public void add(MetricsRow row) throws IOException {
    Map<String, Double> scalars = new LinkedHashMap<>();
    scalars.put("loss", row.loss());
    scalars.put("accuracy", row.accuracy());
    scalars.put("learning_rate", row.learningRate());
    scalars.put("images_per_second", row.imagesPerSecond());
    scalars.put("data_wait", row.dataWait());
    (row.split().equals(MetricsRow.TRAIN) ? train : test).add(row.step(), scalars);
  }

  @Override
  public void close() throws IOException {
    try (test) {
      train.close();
    }
  }
}

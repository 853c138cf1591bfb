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
 * Writes a run's metrics for TensorBoard: files for training and for test images, with the same
 * tags, so that TensorBoard draws both into one picture.
 */
public final class TensorBoardLog implements Closeable {

  private static final String FOLDER = "tensorboard";

  private final EventFile train;
  private final EventFile test;

  /** Begins the files in a run's folder; {@code step} is the last one of a resumed run, or 0. */
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

  /** Removes an earlier run's files, which TensorBoard would join with the new ones. */
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

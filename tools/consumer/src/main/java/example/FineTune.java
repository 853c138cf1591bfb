package example;

import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Fine-tunes a checkpoint, or goes on where it was cut off: {@code FineTune CHECKPOINT DATA
 * FOLDER}.
 */
public final class FineTune {

  private FineTune() {}

  public static void main(String[] args) {
    Path folder = Path.of(args[2]);
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void row(MetricsRow row) {
            System.out.printf("step %d: %s loss %.3f%n", row.step(), row.split(), row.loss());
          }
        };
    FineTuningResult result =
        Files.exists(folder)
            ? FineTuning.resume(folder, listener)
            : FineTuning.of(Path.of(args[0]), Path.of(args[1]))
                .set("learning_rate", 1e-3)
                .set("epochs", 1)
                .run(folder, listener);
    System.out.printf("accuracy %.1f%%: %s%n", 100 * result.best(), result.weights());
  }
}

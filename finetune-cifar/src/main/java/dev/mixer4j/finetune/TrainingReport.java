package dev.mixer4j.finetune;

import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** What a person sees while it trains: bars on a terminal, plain lines elsewhere. */
final class TrainingReport {

  private final PrintWriter err;
  private final int epochs;

  TrainingReport(PrintWriter err, int epochs) {
    this.err = err;
    this.epochs = epochs;
  }

  /** One pass over images. */
  final class Phase implements AutoCloseable {
    private final int epoch;
    private final long total;
    private final Progress bar;
    private final long start = System.nanoTime();
    private long done;

    private Phase(String task, int epoch, long total) {
      this.epoch = epoch;
      this.total = total;
      this.bar = Progress.of(task, total, "images", 1);
    }

    /**
     * Tells that images are done.
     *
     * @param score of the latest ones, or null
     */
    void advance(long images, Score score) {
      done += images;
      if (score != null) {
        bar.message(" " + describe(score));
      }
      bar.step(images);
    }

    /** Tells that a row of the metrics was written. */
    void row(long step, Score score) {
      if (!Terminal.isInteractive()) {
        line("epoch %d/%d  step %d  %s%s", epoch, epochs, step, describe(score), left());
      }
    }

    /** Time left of this epoch's training, at the average pace so far. */
    private String left() {
      if (done == total) {
        return "";
      }
      long seconds = Math.round((System.nanoTime() - start) / 1e9 / done * (total - done));
      Duration left = Duration.ofSeconds(seconds);
      return "  %d:%02d:%02d left"
          .formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart());
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** Tells what is about to be trained on. */
  void starting(int trainImages, int testImages, int classes, boolean zeroHead) {
    line(
        "%d training and %d test images of %d classes; head: %s",
        trainImages, testImages, classes, zeroHead ? "new, all zero" : "the weights' own");
  }

  Phase training(int epoch, int images) {
    return new Phase("Epoch %d/%d".formatted(epoch, epochs), epoch, images);
  }

  Phase testing(int epoch, int images) {
    return new Phase("Testing", epoch, images);
  }

  /**
   * Tells how the test images were classified.
   *
   * @param epoch the one that just ended; 0 before the first
   */
  void tested(int epoch, Score score) {
    String when = epoch == 0 ? "before training" : "epoch %d/%d".formatted(epoch, epochs);
    line("%s  test: %s", when, describe(score));
  }

  static String describe(Score score) {
    return String.format(
        Locale.ROOT,
        "loss %.4f, accuracy %.2f%%, %.1f images/s",
        score.loss(),
        100 * score.accuracy(),
        score.imagesPerSecond());
  }

  private void line(String format, Object... args) {
    err.println(String.format(Locale.ROOT, format, args));
    err.flush();
  }
}

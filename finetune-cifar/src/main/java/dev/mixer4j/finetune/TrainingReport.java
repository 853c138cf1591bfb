package dev.mixer4j.finetune;

import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** What a person sees while it trains: bars on a terminal, plain lines elsewhere. */
final class TrainingReport {

  private final PrintWriter err;

  TrainingReport(PrintWriter err) {
    this.err = err;
  }

  /** One pass over images. */
  static final class Bar implements AutoCloseable {
    private final Progress bar;

    private Bar(Progress bar) {
      this.bar = bar;
    }

    void advance(long images) {
      bar.step(images);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** The epochs of a training, with a bar for each. */
  final class Phases implements AutoCloseable {
    private final long first;
    private final long total;
    private final TrainSettings settings;
    private final int images;
    private final long start = System.nanoTime();
    private long done;
    private int epoch;
    private Bar bar;
    private long inEpoch;

    private Phases(long first, long total, TrainSettings settings, int images) {
      this.first = first;
      this.total = total;
      this.settings = settings;
      this.images = images;
      this.inEpoch = first % settings.stepsPerEpoch(images) * settings.batchSize();
    }

    /**
     * Tells that a step is done.
     *
     * @param score of the latest ones
     */
    void advance(int newEpoch, int stepImages, Score score) {
      done++;
      if (newEpoch != epoch) {
        close(); // the bar of the epoch before, unless a measurement closed it
        inEpoch = epoch == 0 ? inEpoch : 0;
        epoch = newEpoch;
      }
      if (bar == null) {
        bar = new Bar(Progress.withoutTime(title(), images - inEpoch, "images"));
      }
      // Short, so that a terminal of 80 columns has room for all of it.
      bar.bar.message(
          String.format(
              Locale.ROOT, " loss %.3f, %.1f%%%s", score.loss(), 100 * score.accuracy(), left()));
      bar.advance(stepImages);
      inEpoch += stepImages;
    }

    /** Makes room for another bar. */
    void pause() {
      close();
    }

    /** Tells that a row of the metrics was written. */
    void row(int rowEpoch, long step, Score score) {
      if (!Terminal.isInteractive()) {
        line("epoch %d/%d  step %d  %s%s", rowEpoch, epochs(), step, describe(score), left());
      }
    }

    private String title() {
      return "Epoch %d/%d".formatted(epoch, epochs());
    }

    private long epochs() {
      return settings.totalEpochs(images);
    }

    /** Time left of the run, at the average pace so far, measurements included. */
    private String left() {
      long steps = total - first - done;
      if (steps == 0) {
        return "";
      }
      long seconds = Math.round((System.nanoTime() - start) / 1e9 / done * steps);
      Duration left = Duration.ofSeconds(seconds);
      return ", %d:%02d:%02d left"
          .formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart());
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
        bar = null;
      }
    }
  }

  /** Tells what is about to be trained on. */
  void starting(int trainImages, int measuredImages, String split, int classes, boolean zeroHead) {
    line(
        "%d training and %d %s images of %d classes; head: %s",
        trainImages,
        measuredImages,
        split,
        classes,
        zeroHead ? "new, all zero" : "the weights' own");
  }

  /** Tells that a run goes on. */
  void resuming(long step, long total) {
    line(step == 0 ? "no checkpoint yet: from the start" : "from step %d of %d", step, total);
  }

  Phases training(long first, long total, TrainSettings settings, int images) {
    return new Phases(first, total, settings, images);
  }

  Bar testing(int images) {
    return new Bar(Progress.of("Testing", images, "images", 1));
  }

  /**
   * Tells how the measured images were classified.
   *
   * @param epoch the one that it is in; 0 before the first
   */
  void tested(int epoch, long epochs, String split, Score score) {
    String when = epoch == 0 ? "before training" : "epoch %d/%d".formatted(epoch, epochs);
    line("%s  %s: %s", when, split, describe(score));
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

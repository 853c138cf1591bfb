package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.progress.TrainingPlan;
import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Training progress on the console: bars on a terminal, plain lines elsewhere; Ctrl-C stops it. */
final class ConsoleProgress implements TrainingListener, AutoCloseable {

  private final PrintWriter err;
  private TrainingPlan plan;
  private StopSignal stop;
  private Progress bar;
  private long epoch;
  private long steps;
  private long start;

  ConsoleProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public synchronized void started(TrainingPlan begun) {
    plan = begun;
    stop =
        new StopSignal(this::say); // until now, Ctrl-C ends the process: there is nothing to save
    start = System.nanoTime();
    if (!plan.resumed()) {
      line(
          "%d training and %d %s images of %d classes; %s",
          plan.trainImages(),
          plan.measuredImages(),
          plan.split(),
          plan.classNames().size(),
          plan.fromScratch()
              ? "training from scratch"
              : plan.newHead() ? "head: new, all zero" : "head: the weights' own");
    } else if (plan.stepsDone() == 0) {
      line("no checkpoint yet: from the start");
    } else {
      line("from step %d of %d", plan.stepsDone(), plan.totalSteps());
    }
  }

  @Override
  public synchronized void step(long step, int images, double loss, double accuracy) {
    steps = step - plan.stepsDone();
    if (epoch != epochOf(step)) {
      closeBar(); // the bar of the epoch before, unless a measurement closed it
      epoch = epochOf(step);
    }
    if (stop.isRequested()) {
      return; // a line has said so
    }
    if (bar == null) {
      long done = (step - 1) % plan.stepsPerEpoch() * plan.batchSize();
      String title = "Epoch %d/%d".formatted(epoch, plan.epochs());
      bar = Progress.withoutTime(title, plan.trainImages() - done, isNarrow() ? "" : "images");
    }
    // Short enough for a terminal of 80 columns, or of 60 without the accuracy.
    String format = isNarrow() ? "%s, loss %.1f" : " %s, loss %.3f, %.1f%%";
    bar.message(String.format(Locale.ROOT, format, left(), loss, 100 * accuracy));
    bar.step(images);
  }

  private long epochOf(long step) {
    return (step - 1) / plan.stepsPerEpoch() + 1;
  }

  private static boolean isNarrow() {
    return Terminal.columns() < 80;
  }

  /** Time left of the run, at the average pace so far, measurements included; empty at its end. */
  private String left() {
    long left = plan.totalSteps() - plan.stepsDone() - steps;
    if (left == 0) {
      return "";
    }
    Duration time =
        Duration.ofSeconds(Math.round((System.nanoTime() - start) / 1e9 / steps * left));
    return (time.toHours() > 0 ? time.toHours() + ":%02d" : "%d").formatted(time.toMinutesPart())
        + ":%02d left".formatted(time.toSecondsPart());
  }

  @Override
  public synchronized void testing(int done, int images) {
    if (done == 0) {
      closeBar();
      bar = Progress.of("Testing", images, "images", 1);
    }
    bar.stepTo(done);
    if (done == images) {
      closeBar();
      if (steps == 0) {
        start = System.nanoTime(); // the pace is that of training
      }
    }
  }

  @Override
  public synchronized void row(MetricsRow row) {
    boolean training = row.split().equals(MetricsRow.TRAIN);
    if (training && Terminal.isInteractive()) {
      return; // the bar has shown it
    }
    String when =
        row.epoch() == 0 ? "before training" : "epoch %d/%d".formatted(row.epoch(), plan.epochs());
    String what = training ? "step " + row.step() : row.split() + ":";
    line(
        "%s  %s%sloss %.4f, accuracy %.2f%%, %.1f images/s%s",
        when,
        what,
        training ? "  " : " ",
        row.loss(),
        100 * row.accuracy(),
        row.imagesPerSecond(),
        training && !left().isEmpty() ? ", " + left() : "");
  }

  @Override
  public void note(String message) {
    say("note: " + message);
  }

  @Override
  public void warning(String message) {
    say("warning: " + message);
  }

  /** Prints a line of its own, not into a bar; the next step begins another bar. */
  private synchronized void say(String message) {
    closeBar();
    err.println(message);
  }

  @Override
  public boolean stopRequested() {
    return stop.isRequested();
  }

  private void line(String format, Object... args) {
    err.println(String.format(Locale.ROOT, format, args));
  }

  private void closeBar() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  @Override
  public void close() {
    closeBar();
    if (stop != null) {
      stop.close();
    }
  }
}

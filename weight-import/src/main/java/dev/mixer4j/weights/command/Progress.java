package dev.mixer4j.weights.command;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on a terminal; nothing if stderr is no terminal. */
public final class Progress implements AutoCloseable {

  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Starts a bar.
   *
   * @param task a word or two, such as {@code Converting}
   * @param total where it ends, in the caller's own unit
   * @param unit the unit's name, such as {@code MB}
   * @param perUnit how many of the caller's steps make one of the unit
   * @return the bar, which the caller closes
   */
  public static Progress of(String task, long total, String unit, long perUnit) {
    return new Progress(
        Terminal.isInteractive() ? builder(task, total, unit, perUnit).build() : null);
  }

  /**
   * {@return a bar that shows the time only with {@link #message}}
   *
   * @param task a word or two, such as {@code Converting}
   * @param total where it ends, in the unit
   * @param unit the unit's name, such as {@code steps}
   */
  public static Progress withoutTime(String task, long total, String unit) {
    return new Progress(
        Terminal.isInteractive() ? builder(task, total, unit, 1).hideEta().build() : null);
  }

  private static ProgressBarBuilder builder(String task, long total, String unit, long perUnit) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(total)
        .setUnit(" " + unit, perUnit)
        .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
        .setUpdateIntervalMillis(200)
        .setConsumer(new ConsoleProgressBarConsumer(System.err, Terminal.columns()));
  }

  /**
   * Moves the bar on.
   *
   * @param n of the caller's steps
   */
  public void step(long n) {
    if (bar != null) {
      bar.stepBy(n);
    }
  }

  /**
   * Moves the bar to where {@code n} are done.
   *
   * @param n of the caller's steps, from the start
   */
  public void stepTo(long n) {
    if (bar != null) {
      bar.stepTo(n);
    }
  }

  /**
   * Sets the text behind the bar.
   *
   * @param text a few words; none to clear it
   */
  public void message(String text) {
    if (bar != null) {
      bar.setExtraMessage(text);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}

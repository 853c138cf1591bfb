package dev.mixer4j.weights.command;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine.Help.Ansi;

/** A progress bar on stderr if that is a terminal; otherwise nothing. */
public final class Progress implements AutoCloseable {

  /** Longer bars are no easier to read. */
  private static final int MOST_COLUMNS = 100;

  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /** Starts a bar of {@code total} steps, shown in units of {@code perUnit} steps. */
  public static Progress of(String task, long total, String unit, long perUnit) {
    return new Progress(
        Terminal.isInteractive() ? builder(task, total, unit, perUnit).build() : null);
  }

  /** Starts a bar without a time left, which its {@link #message} gives. */
  public static Progress withoutTime(String task, long total, String unit) {
    return new Progress(
        Terminal.isInteractive() ? builder(task, total, unit, 1).hideEta().build() : null);
  }

  /** Starts a bar for a command whose results go to stdout: nothing if that is a terminal too. */
  public static Progress besideOutput(String task, long total, String unit) {
    return Terminal.outColumns() > 0 ? new Progress(null) : of(task, total, unit, 1);
  }

  private static ProgressBarBuilder builder(String task, long total, String unit, long perUnit) {
    return new ProgressBarBuilder()
        .setTaskName(LineWriter.escape(task))
        .setInitialMax(total)
        .setUnit(unit.isEmpty() ? "" : " " + unit, perUnit)
        .setStyle(
            Ansi.AUTO.enabled()
                ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK
                : ProgressBarStyle.UNICODE_BLOCK)
        .setUpdateIntervalMillis(200)
        .setConsumer(
            new ConsoleProgressBarConsumer(System.err, Math.min(Terminal.columns(), MOST_COLUMNS)));
  }

  public void step(long n) {
    if (bar != null) {
      bar.stepBy(n);
    }
  }

  public void stepTo(long n) {
    if (bar != null) {
      bar.stepTo(n);
    }
  }

  /** Sets the text behind the bar; an empty one clears it. */
  public void message(String text) {
    if (bar != null) {
      bar.setExtraMessage(LineWriter.escape(text));
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}

package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.progress.TrainingPlan;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a terminal shows, which the launchers tell by its width. */
class ConsoleProgressTest {

  private static final String COLUMNS = "mixer4j.columns";

  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  @BeforeEach
  void takeStderr() {
    System.setErr(new PrintStream(shown, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void giveBack() {
    System.setErr(realErr);
    System.clearProperty(COLUMNS);
  }

  /** The last state of each bar, of a run of 2 epochs of 50,000 images from a step on. */
  private List<String> bars(int columns, long first) {
    System.setProperty(COLUMNS, Integer.toString(columns));
    List<String> classes = List.of("cat", "dog");
    try (ConsoleProgress report = new ConsoleProgress(new PrintWriter(new StringWriter()))) {
      report.started(
          new TrainingPlan(
              first > 0, first, 10, 5, 10_000, 50_000, 10_000, "test", classes, false, true));
      for (long step = first + 1; step <= 9; step++) {
        report.step(step, 10_000, 1.25, 0.5);
      }
    }
    Map<String, String> last = new LinkedHashMap<>(); // by the epoch that the bar tells
    for (String bar : shown.toString(StandardCharsets.UTF_8).split("[\r\n]+")) {
      String text = bar.replaceAll("\033\\[[^m]*m", "");
      last.put(text.substring(0, Math.min(text.length(), "Epoch 1/2".length())), text);
    }
    last.remove("");
    return List.copyOf(last.values());
  }

  /** No measurement in between ends the first epoch's bar. */
  @Test
  void eachEpochHasItsBar() {
    assertThat(bars(200, 0))
        .satisfiesExactly(
            first -> assertThat(first).contains("Epoch 1/2 100%", "50000/50000 images"),
            second -> assertThat(second).contains("Epoch 2/2  80%", "40000/50000 images"));
  }

  @Test
  void resumedEpochShowsWhatIsLeft() {
    assertThat(bars(200, 2).get(0)).contains("Epoch 1/2 100%", "30000/30000 images");
  }

  @Test
  void narrowTerminalShowsWhatMatters() {
    for (String bar : bars(80, 0)) {
      assertThat(bar).hasSizeLessThanOrEqualTo(80).contains(" 0:0", " left, loss 1.250, 50.0%");
    }
    shown.reset();
    for (String bar : bars(60, 0)) {
      assertThat(bar).hasSizeLessThanOrEqualTo(60).contains(" 0:0", " left, loss 1.3");
    }
  }

  @Test
  void wideTerminalKeepsTheBarShort() {
    for (String bar : bars(200, 0)) {
      assertThat(bar).hasSizeLessThanOrEqualTo(100);
    }
  }
}

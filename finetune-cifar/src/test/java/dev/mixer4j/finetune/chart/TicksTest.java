package dev.mixer4j.finetune.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TicksTest {

  private static List<String> labels(Ticks ticks) {
    return ticks.values().stream().map(tick -> ticks.format().format(tick)).toList();
  }

  private static Ticks of(boolean percent, boolean integers, double... values) {
    return Ticks.of(DoubleStream.of(values), 6, percent, integers);
  }

  @Test
  void roundNumbersWithTheDecimalsTheyNeed() {
    assertThat(labels(of(false, false, 0.951, 1.099)))
        .containsExactly("0.95", "1.00", "1.05", "1.10");
    assertThat(labels(of(false, false, 0, 2.31)))
        .containsExactly("0.0", "0.5", "1.0", "1.5", "2.0");
    assertThat(labels(of(true, false, 0.1, 0.68)))
        .containsExactly("10%", "20%", "30%", "40%", "50%", "60%");
    assertThat(labels(of(false, true, 0, 1500))).containsExactly("0", "500", "1,000", "1,500");
  }

  /** A loss that hardly moves once had six labels of 1.099. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-9, 1e-5, 1e-4, 1e-3, 0.01, 3, 1e6})
  void labelsNeverRepeat(double width) {
    for (boolean percent : new boolean[] {false, true}) {
      List<String> labels = labels(of(percent, false, 1.0986, 1.0986 + width));
      assertThat(labels).doesNotHaveDuplicates().hasSizeBetween(2, 12);
    }
    assertThat(labels(of(false, true, 4, 4 + Math.round(width))))
        .doesNotHaveDuplicates()
        .hasSizeBetween(1, 12);
  }

  @Test
  void allValuesAreInTheRange() {
    Ticks ticks = of(false, false, Double.NaN, 3, Double.POSITIVE_INFINITY, -2);
    assertThat(ticks.low()).isLessThan(-2);
    assertThat(ticks.high()).isGreaterThan(3);
    assertThat(of(true, false).values()).isNotEmpty();
  }
}

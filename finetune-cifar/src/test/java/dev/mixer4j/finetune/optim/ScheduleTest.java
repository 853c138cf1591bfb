package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.finetune.optim.Schedule.Decay;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {

  static Stream<JsonNode> schedules() {
    return StreamSupport.stream(OptimizerFixtures.json("schedules.json").spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void isVitJaxs(JsonNode expected) {
    String decay = expected.get("decay").textValue();
    Schedule schedule =
        new Schedule(
            Decay.valueOf(decay.toUpperCase(Locale.ROOT)),
            expected.get("base").doubleValue(),
            expected.get("end").doubleValue(),
            expected.get("warmup_steps").longValue(),
            expected.get("total_steps").longValue());
    JsonNode rates = expected.get("rates");
    assertThat(rates.size()).isGreaterThan((int) schedule.totalSteps());
    for (int step = 0; step < rates.size(); step++) {
      assertThat(schedule.at(step))
          .as("step %d", step)
          .isCloseTo(rates.get(step).doubleValue(), Offset.offset(1e-15 * schedule.base()));
    }
  }

  @Test
  void warmsUpFromZeroAndDecaysToItsEnd() {
    Schedule linear = new Schedule(Decay.LINEAR, 0.03, Schedule.LINEAR_END, 500, 10_000);
    assertThat(linear.at(0)).isZero();
    assertThat(linear.at(250)).isEqualTo(0.015);
    assertThat(linear.at(500)).isEqualTo(0.03);
    assertThat(linear.at(10_000)).isEqualTo(1e-5);
    Schedule cosine = new Schedule(Decay.COSINE, 0.03, 0, 500, 10_000);
    assertThat(cosine.at(500)).isEqualTo(0.03);
    assertThat(cosine.at(5250)).isCloseTo(0.015, Offset.offset(1e-17));
    assertThat(cosine.at(10_000)).isZero();
  }

  @Test
  void constantStays() {
    Schedule schedule = new Schedule(Decay.CONSTANT, 1e-5, 1e-5, 0, 3);
    assertThat(schedule.at(0)).isEqualTo(1e-5);
    assertThat(schedule.at(2)).isEqualTo(1e-5);
    assertThat(Decay.COSINE).hasToString("cosine");
  }

  @Test
  void refusesWhatIsNoSchedule() {
    assertRefused(0, 0, 0, 10, "expected a learning rate above 0, found 0.0");
    assertRefused(Double.NaN, 0, 0, 10, "expected a learning rate above 0, found NaN");
    assertRefused(0.1, 0.2, 0, 10, "expected a last learning rate of 0 to 0.1, found 0.2");
    assertRefused(0.1, -1, 0, 10, "expected a last learning rate of 0 to 0.1, found -1.0");
    assertRefused(0.1, 0, 0, 0, "expected a number of steps above 0, found 0");
    assertRefused(0.1, 0, 10, 10, "expected fewer warm-up steps than the run's 10, found 10");
    assertRefused(0.1, 0, -1, 10, "expected fewer warm-up steps than the run's 10, found -1");
  }

  private static void assertRefused(
      double base, double end, long warmup, long total, String message) {
    assertThatThrownBy(() -> new Schedule(Decay.LINEAR, base, end, warmup, total))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}

package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageErrorsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "convert a.npz --ou b.h5 | there is no option --ou; did you mean --out?",
        "convert a.npz -o b.h5 --clases=3 | there is no option --clases; did you mean --classes?",
        "convert a.npz --quux | there is no option --quux",
        "convert a.npz -o b.h5 c.npz | unexpected argument 'c.npz'",
        "verify m.h5 --input x --expcted y | there is no option --input; did you mean --inputs?; there is no option --expcted; did you mean --expected?",
        "conver a.npz | there is no command conver; did you mean convert?",
        "frobnicate | there is no command frobnicate",
        "verify | Missing required options and parameters: '--inputs=x.npy', '--expected=y.npy', 'FILE'",
      })
  void message(String line, String expected) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertThat(run.err().lines().findFirst()).contains("error: " + expected);
    assertThat(run.err().lines().skip(1).toList())
        .singleElement()
        .asString()
        .matches("Try 'import-weights( convert| verify)? --help'\\.");
    assertThat(run.code()).isEqualTo(2);
  }

  @Test
  void distanceCountsChangesAndSwaps() {
    assertThat(Suggestion.distance("wieghts", "weights")).isEqualTo(1);
    assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
    assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Suggestion.of("--xyz", List.of("--weights", "--data"))).isEmpty();
  }
}

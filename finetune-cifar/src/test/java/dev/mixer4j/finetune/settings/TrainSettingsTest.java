package dev.mixer4j.finetune.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person who writes settings by hand is told. */
class TrainSettingsTest {

  private static TrainSettings settings(String json) throws IOException {
    ObjectNode own = (ObjectNode) new JsonMapper().readTree(json.replace('\'', '"'));
    return TrainSettings.fromJson(Recipe.with(Recipe.load("adam"), own));
  }

  @Test
  void nullTakesASettingAway() throws IOException {
    assertThat(settings("{'clip_norm':2}").clipNorm()).isEqualTo(2);
    assertThat(settings("{'clip_norm':null}").clipNorm()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'epoch':2}                 | there is no setting epoch",
        "{'epochs':2,'steps':3}      | expected either epochs or steps, found both",
        "{'epochs':0}                | epochs: expected above 0, found 0",
        "{'epochs':'two'}            | epochs: expected a whole number up to 2147483647, found 'two'",
        "{'epochs':1.5}              | epochs: expected a whole number up to 2147483647, found 1.5",
        "{'epochs':3000000000}       | epochs: expected a whole number up to 2147483647, found 3000000000",
        "{'batch_size':-1}           | batch_size: expected above 0, found -1",
        "{'micro_batch_size':0}      | micro_batch_size: expected above 0, found 0",
        "{'learning_rate':'fast'}    | learning_rate: expected a number, found 'fast'",
        "{'learning_rate':0}         | learning_rate: expected above 0, found 0.0",
        "{'learning_rate':1e999}     | learning_rate: expected above 0, found Infinity",
        "{'steps':[3]}               | steps: expected a whole number, found [3]",
        "{'flip':1}                  | flip: expected true or false, found 1",
        "{'shuffle':'no'}            | shuffle: expected true or false, found 'no'",
        "{'schedule':'cosin'}        | schedule: expected one of [constant, linear, cosine], found 'cosin'",
        "{'precision':'half'}        | precision: expected one of [float32, tf32, bfloat16], found 'half'",
        "{'dropout':1}               | dropout: expected 0 to below 1, found 1.0",
        "{'ema_decay':1}             | ema_decay: expected between 0 and 1, found 1.0",
        "{'optimizer':{'name':'adm'}}| adm",
      })
  void whatIsRefusedIsNamedWithWhatWasFound(String json, String message) {
    assertThatThrownBy(() -> settings(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("fasterxml")
        .hasMessageNotContaining("coerce");
  }
}

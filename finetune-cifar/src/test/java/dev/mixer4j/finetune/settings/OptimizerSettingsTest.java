package dev.mixer4j.finetune.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.optim.Adagrad;
import dev.mixer4j.finetune.optim.Adam;
import dev.mixer4j.finetune.optim.Momentum;
import dev.mixer4j.finetune.optim.RmsProp;
import dev.mixer4j.finetune.optim.Sgd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptimizerSettingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'name':'sgd','weight_decay':0.0}",
        "{'name':'momentum','momentum':0.9,'nesterov':false,'weight_decay':0.0}",
        "{'name':'adagrad','epsilon':1.0E-10,'weight_decay':0.0}",
        "{'name':'rmsprop','momentum':0.0,'alpha':0.99,'epsilon':1.0E-8,'weight_decay':0.0}",
        "{'name':'adam','beta1':0.9,'beta2':0.999,'epsilon':1.0E-8,'weight_decay':0.0}",
        "{'name':'adamw','beta1':0.9,'beta2':0.999,'epsilon':1.0E-8,'weight_decay':0.01}"
      })
  void jsonHasAllSettingsAndNoOther(String text) throws JsonProcessingException {
    String json = text.replace('\'', '"');
    String name = new JsonMapper().readTree(json).get("name").textValue();
    assertThat(Settings.toJson(OptimizerSettings.of(name))).hasToString(json);
    assertThat(read(text)).isEqualTo(OptimizerSettings.of(name));
  }

  @Test
  void buildsWithWhatIsGiven() throws JsonProcessingException {
    assertThat(OptimizerSettings.of("adam").build())
        .isEqualTo(new Adam(0.9, 0.999, 1e-8, 0, false));
    assertThat(read("{'name':'sgd','weight_decay':0.1}").build()).isEqualTo(new Sgd(0.1));
    assertThat(read("{'name':'momentum','momentum':0.8,'nesterov':true}").build())
        .isEqualTo(new Momentum(0.8, true, 0));
    assertThat(read("{'name':'adagrad','epsilon':0.1}").build()).isEqualTo(new Adagrad(0.1, 0));
    assertThat(read("{'name':'rmsprop','alpha':0.5,'momentum':0.2,'weight_decay':1}").build())
        .isEqualTo(new RmsProp(0.5, 1e-8, 0.2, 1));
    assertThat(read("{'name':'adam','beta1':0.5,'weight_decay':2}").build())
        .isEqualTo(new Adam(0.5, 0.999, 1e-8, 2, false));
    assertThat(read("{'name':'adamw','beta2':0.5,'epsilon':0}").build())
        .isEqualTo(new Adam(0.9, 0.5, 0, 0.01, true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'name':'lamb'}"
            + "|expected an optimizer of sgd, momentum, adagrad, rmsprop, adam, adamw, found 'lamb'",
        "{'name':'sgd','momentum':0.9}|optimizer sgd has no setting momentum; it has weight_decay",
        "{'name':'adam','alpha':0.9}"
            + "|optimizer adam has no setting alpha; it has beta1, beta2, epsilon, weight_decay",
        "{'name':'adam','beta1':1}|beta1: expected 0 to below 1, found 1.0",
        "{'name':'adam','epsilon':-1}|epsilon: expected 0 or more, found -1.0",
        "{'name':'momentum','momentum':0,'nesterov':true}|nesterov needs a momentum above 0",
        "{'name':'momentum','nesterov':1}|nesterov: expected true or false, found 1",
        "{'name':'momentum','momentum':'0.9'}|momentum: expected a number, found '0.9'",
        "{'name':'sgd','weight_decay':null}|weight_decay: expected a value, found null",
        "{'name':'sgd','rate':1,'eps':2}|optimizer sgd has no setting rate; it has weight_decay",
        "{}|expected an optimizer's name, found ",
        "[]|expected an object of an optimizer's settings, found []"
      })
  void saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .isEqualToIgnoringWhitespace(message);
  }

  @Test
  void nameIsNeeded() {
    assertThatThrownBy(() -> OptimizerSettings.of(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("found 'null'");
  }

  private static OptimizerSettings read(String json) throws JsonProcessingException {
    return OptimizerSettings.fromJson(new JsonMapper().readTree(json.replace('\'', '"')));
  }
}

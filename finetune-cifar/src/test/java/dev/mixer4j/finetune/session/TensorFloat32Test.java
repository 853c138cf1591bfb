package dev.mixer4j.finetune.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.graph.TrainingGraph;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class TensorFloat32Test {

  @AfterEach
  void switchOff() {
    TensorFloat32.allow(false);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theSwitchIsTensorFlowsOwn() {
    TensorFloat32.allow(true);
    assertThat(TensorFloat32.allowed()).as("one for each library").containsExactly(true, true);
    TensorFloat32.allow(false);
    assertThat(TensorFloat32.allowed()).containsExactly(false, false);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aTrainingSetsItByItsPrecision() {
    for (String precision : List.of("float32", "tf32", "bfloat16")) {
      boolean allowed = !precision.equals("float32");
      TensorFloat32.allow(!allowed);
      LabelledImages images = new LabelledImages(32, 32, 3, new byte[32 * 32 * 3], new byte[1]);
      new TrainingGraph(
              new InitialWeights(Fixtures.TINY, 1),
              Fixtures.settings("precision", precision),
              images,
              Fixtures.CPU)
          .close();
      assertThat(TensorFloat32.allowed()).as(precision).containsOnly(allowed);
    }
    TensorFloat32.allow(false);
  }
}

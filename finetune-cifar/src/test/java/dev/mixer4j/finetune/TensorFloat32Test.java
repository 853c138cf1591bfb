package dev.mixer4j.finetune;

import static org.assertj.core.api.Assertions.assertThat;

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
    assertThat(TensorFloat32.allowed()).contains(true);
    TensorFloat32.allow(false);
    assertThat(TensorFloat32.allowed()).contains(false);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aTrainingSetsItByItsPrecision() {
    TensorFloat32.allow(true);
    DeviceStep.on(dev.mixer4j.core.Device.CPU);
    assertThat(TensorFloat32.allowed()).contains(false);
  }
}

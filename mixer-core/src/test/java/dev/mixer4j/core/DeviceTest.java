package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.network.Mixer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

class DeviceTest {

  @ParameterizedTest
  @ValueSource(strings = {"auto", "cpu", "gpu", "gpu:1", "gpu:12"})
  void namesAreReadAsTheyAreWritten(String name) {
    assertThat(Device.parse(name)).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GPU", "gpu:", "gpu:-1", "gpu:1000", "gpu:1,2", "cuda", "cpu:0"})
  void otherNamesAreRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Device.parse(name))
        .withMessageContaining("found '" + name + "'");
  }

  @Test
  void gpusAreTakenOneAndAsMuchOfItsMemoryAsIsNeeded() {
    ConfigProto second = Device.parse("gpu:1").sessionOptions().build();
    assertThat(second.getGpuOptions().getVisibleDeviceList()).isEqualTo("1");
    assertThat(second.getGpuOptions().getAllowGrowth()).isTrue();
    assertThat(Device.AUTO.sessionOptions().getGpuOptions().getAllowGrowth()).isTrue();
    assertThat(Device.CPU.sessionOptions().getDeviceCountMap()).containsEntry("GPU", 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "cpu"})
  void processorAndWhateverIsThereCompute(String name) {
    Device device = Device.parse(name);
    device.check();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var sum = tf.math.add(tf.constant(1f), tf.constant(2f));
      try (Session session = new Session(graph, device.sessionOptions().build());
          Result result = session.runner().fetch(sum).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat()).isEqualTo(3);
      }
    }
  }

  @Test
  void aGpuThatIsNotThereIsNoticedBeforeTheWork() {
    assertThatThrownBy(Device.parse("gpu:99")::check)
        .isInstanceOf(MixerException.class)
        .hasMessage(
            "gpu:99: TensorFlow sees no such GPU; 'finetune-cifar doctor' says what is missing");
    RandomWeights weights = new RandomWeights(Mixer.of(8, 4, 16, 2, 8, 24, 3), 1);
    assertThatThrownBy(() -> new ImageClassifier(weights, ModelInfo.NONE, Device.parse("gpu:99")))
        .hasMessageStartingWith("gpu:99");
  }
}

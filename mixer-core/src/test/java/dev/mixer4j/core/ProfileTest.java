package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Networks;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.BatchMatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

class ProfileTest {

  private static Profile of(String preset) {
    return Profile.of(Networks.preset(preset).orElseThrow());
  }

  /**
   * Parameters and fvcore's FlopCountAnalysis of timm's models; and infer_gmacs of timm's tables,
   * results/benchmark-infer-*.csv. timm's ViT normalizes all tokens at its end, ours only the one
   * that it classifies.
   */
  @ParameterizedTest
  @CsvSource({
    "Mixer-S/32, 19.10, , 1.00",
    "Mixer-S/16, 18.53, 3785488384, 3.79",
    "Mixer-B/32, 60.29, , 3.24",
    "Mixer-B/16, 59.88, 12620583936, 12.62",
    "Mixer-L/32, 206.94, , 11.27",
    "Mixer-L/16, 208.20, 44596850688, 44.60",
    "ViT-Ti/16, 5.72, , 1.26",
    "ViT-S/16, 22.05, , 4.61",
    "ViT-B/16, 86.57, , 17.58",
    "ViT-L/16, 304.33, , 61.60",
    "ResMLP-S12, 15.35, 3009739776, 3.01",
    "ResMLP-S24, 30.02, , 5.96",
    "ResMLP-S36, 44.69, , 8.91",
    "ResMLP-B24, 129.14, , 100.23",
  })
  void isWhatTimmPublishes(String preset, String millions, Long exactly, String billions) {
    Profile profile = of(preset);
    assertThat(String.format(Locale.ROOT, "%.2f", profile.parameters() / 1e6)).isEqualTo(millions);
    assertThat(String.format(Locale.ROOT, "%.2f", profile.multiplyAccumulates() / 1e9))
        .isEqualTo(billions);
    if (exactly != null) {
      assertThat(profile.multiplyAccumulates()).isEqualTo(exactly);
    }
  }

  @Test
  void countsByHand() {
    // Convolutions: outputs times kernel; then the three linear layers.
    assertThat(of("LeNet-5"))
        .isEqualTo(
            new Profile(
                44_426, 24 * 24 * 6 * 25L + 8 * 8 * 16 * 25 * 6 + 256 * 120 + 120 * 84 + 84 * 10));
    assertThat(of("MLP-100-80").multiplyAccumulates()).isEqualTo(784 * 100 + 100 * 80 + 80 * 10L);
    // Three gates: of the 28 rows, and of the state at each of them.
    assertThat(of("GRU").multiplyAccumulates())
        .isEqualTo(28 * (28 * 3 * 64 + 64 * 3 * 64) + 64 * 10L);
    assertThat(of("ResNet").multiplyAccumulates())
        .as("batch norms are not counted")
        .isEqualTo(784 * (8 * 9 + 8 * 8 * 9 + 8) + 784 * 10L);
  }

  @Test
  void countsDepthwiseConvolutionsAndBatchedProducts() {
    assertThat(
            count(
                (tf, x) ->
                    tf.nn.depthwiseConv2dNative(
                        x, kernel(tf, 3, 3, 2, 4), List.of(1L, 1L, 1L, 1L), "VALID")))
        .isEqualTo(4 * 4 * 8 * 9);
    assertThat(count((tf, x) -> tf.train.batchMatMul(x, x, TFloat32.class, BatchMatMul.adjY(true))))
        .as("6 products of 6 x 2 by 2 x 6")
        .isEqualTo(6 * 6 * 2 * 6);
  }

  @Test
  void refusesWhatItCannotCount() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> count((tf, x) -> tf.linalg.einsum(List.of(x, x), "bijk,bijk->bijk")))
        .withMessageContaining("multiply-accumulates are known, found Einsum");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                count(
                    (tf, x) -> {
                      var size = tf.placeholder(TInt32.class);
                      var some = tf.reshape(x, size);
                      return tf.linalg.matMul(some, some);
                    }))
        .withMessageContaining("MatMul: expected a shape that is known beforehand, found");
  }

  private static Operand<TFloat32> kernel(Ops tf, long... shape) {
    return tf.zeros(tf.constant(shape), TFloat32.class);
  }

  private static long count(BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> operations) {
    return Profile.of(new Custom(operations)).multiplyAccumulates();
  }

  /** Has no variables, and takes images of 6 x 6 x 2. */
  private record Custom(BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> operations)
      implements Network {

    @Override
    public String family() {
      return "custom";
    }

    @Override
    public ImageInput input() {
      return ImageInput.square(6, 2);
    }

    @Override
    public int classes() {
      return 0;
    }

    @Override
    public int featureSize() {
      return 1;
    }

    @Override
    public List<Variable> variables() {
      return List.of();
    }

    @Override
    public Outputs apply(Pass pass, Operand<TFloat32> images) {
      Operand<TFloat32> features = operations.apply(pass.tf(), images);
      return new Outputs(List.of(), features, features);
    }

    @Override
    public Network withClasses(int classes) {
      return this;
    }

    @Override
    public Network withInput(ImageInput input) {
      return this;
    }
  }
}

package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of source holds the same numbers as the plain file of the same network. */
class SourceFormatsTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "legacy.pth, PTH, narrow.npz",
    "legacy_views.pth, PTH, narrow.npz",
    "one_storage.pth, PTH, narrow.npz",
    "wrapped_state_dict_ema.pth, PTH, narrow.npz",
    "wrapped_model_ema.pth, PTH, narrow.npz",
    "wrapped_state_dict.pth, PTH, narrow.npz",
    "wrapped_model.pth, PTH, narrow.npz",
    "lightning.ckpt, PTH, narrow.npz",
    "module.safetensors, SAFETENSORS, narrow.npz",
    "sharded/model.safetensors.index.json, SAFETENSORS, narrow.npz",
    "double.npz, NPZ, narrow.npz",
    "double.pth, PTH, narrow.npz",
    "double.safetensors, SAFETENSORS, narrow.npz",
    "half.npz, NPZ, sources/half.expected.npz",
    "half.pth, PTH, sources/half.expected.npz",
    "half.safetensors, SAFETENSORS, sources/half.expected.npz",
    "bfloat16.npz, NPZ, sources/bfloat16.expected.npz",
    "bfloat16.pth, PTH, sources/bfloat16.expected.npz",
    "bfloat16.safetensors, SAFETENSORS, sources/bfloat16.expected.npz",
    "bfloat16.pdparams, PDPARAMS, sources/bfloat16.expected.npz",
    "train_state.npz, NPZ, narrow.npz",
    "flax_optimizer.npz, NPZ, narrow.npz",
    "keras2.h5, KERAS, narrow.npz",
    "keras2_long_lists.h5, KERAS, narrow.npz",
    "keras3.weights.h5, KERAS, narrow.npz",
    "keras213.weights.h5, KERAS, narrow.npz",
    "keras3_whole.h5, KERAS, narrow.npz",
    "keras3_tanh.keras, KERAS, narrow.npz",
    "older.keras, KERAS, narrow.npz",
    "square_nameless.weights.h5, KERAS, square.npz",
    "protocol2.pdparams, PDPARAMS, narrow.npz",
    "protocol3.pdparams, PDPARAMS, narrow.npz",
    "protocol4.pdparams, PDPARAMS, narrow.npz",
    "nested.pdparams, PDPARAMS, narrow.npz",
  })
  void holdsTheSameNumbers(String source, Format format, String expected) throws IOException {
    Path path = SourceFixtures.source(source);
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      assertThat(checkpoint.format()).isEqualTo(format);
      Map<String, int[]> bits = SourceFixtures.bits(checkpoint);
      Map<String, int[]> reference = SourceFixtures.bits(SourceFixtures.path(expected));
      assertThat(bits.keySet()).isEqualTo(reference.keySet());
      reference.forEach((name, values) -> assertThat(bits.get(name)).as(name).isEqualTo(values));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "wrapped_state_dict_ema.pth, state_dict_ema, '',"
        + " epoch arch optimizer version metric args state_dict model",
    "wrapped_model_ema.pth, model_ema, '',"
        + " epoch arch optimizer version metric args model state_dict_ema",
    "wrapped_state_dict.pth, state_dict, module.,"
        + " epoch arch optimizer version metric args model",
    "wrapped_model.pth, model, _orig_mod., scaler",
    "lightning.ckpt, state_dict, model.module._orig_mod., hyper_parameters",
    "module.safetensors, '', module., ''",
    "train_state.npz, '', params/, step opt_state/0/mu/stem/kernel opt_state/0/mu/head/bias"
        + " opt_state/0/nu/stem/kernel opt_state/0/nu/head/bias",
    "flax_optimizer.npz, '', opt/target/, opt/state/step opt/state/param_states/stem/kernel"
        + " opt/state/param_states/head/bias",
    "nested.pdparams, model, '', epoch",
    "protocol4.pdparams, '', '', StructuredToParameterName@@",
    "keras3_whole.h5, model_weights, '', optimizer_weights",
    "keras2.h5, '', '', ''",
    "legacy.pth, '', '', ''",
  })
  void saysWhatItTookAndWhatNot(String source, String part, String prefix, String ignored)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(SourceFixtures.source(source))) {
      assertThat(checkpoint.part()).isEqualTo(part);
      assertThat(checkpoint.prefix()).isEqualTo(prefix);
      assertThat(String.join(" ", checkpoint.ignored())).isEqualTo(ignored);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "keras2.h5, ERF, 1e-5",
    "keras3.weights.h5, ERF, 1e-5",
    "keras3_whole.h5, ERF, 1e-5",
    "older.keras, ERF, 1e-5",
    "square_nameless.weights.h5, ERF, 1e-5",
    "keras3_tanh.keras, TANH, 1e-6",
    "protocol2.pdparams, ERF, 1e-6",
    "legacy.pth, ERF, 1e-6",
    "train_state.npz, TANH, 1e-6",
  })
  void knowsTheNumerics(String source, Gelu gelu, float epsilon) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(SourceFixtures.source(source))) {
      assertThat(Fixtures.mixer(checkpoint).gelu()).isEqualTo(gelu);
      assertThat(Fixtures.mixer(checkpoint).layerNormEpsilon()).isEqualTo(epsilon);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "keras2.h5, sources/keras.npy",
    "keras3.weights.h5, sources/keras.npy",
    "older.keras, sources/keras.npy",
    "keras3_tanh.keras, sources/keras_tanh.npy",
    "legacy_views.pth, narrow.timm.npy",
    "wrapped_state_dict_ema.pth, narrow.timm.npy",
    "sharded/model.safetensors.index.json, narrow.timm.npy",
    "nested.pdparams, narrow.timm.npy",
    "flax_optimizer.npz, narrow.flax.npy",
  })
  void computesWhatItsOwnerComputes(String source, String expected) throws IOException {
    assertThat(
            SourceFixtures.worstLogit(
                SourceFixtures.source(source),
                SourceFixtures.path("narrow.x.npy"),
                SourceFixtures.path(expected)))
        .isLessThan(2e-5f);
  }

  /** The first bytes of a safetensors file are its header's length: they may be a pickle's too. */
  @ParameterizedTest
  @ValueSource(ints = {0x0280, 0x0380, 0x0480})
  void tellsSafetensorsFromAPickle(int headerLength) throws IOException {
    String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    ByteBuffer file = ByteBuffer.allocate(8 + headerLength + 4).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(headerLength).put(header.getBytes(StandardCharsets.US_ASCII));
    while (file.position() < 8 + headerLength) {
      file.put((byte) ' ');
    }
    try (TensorFile open = TensorFiles.open(Files.write(folder.resolve("x"), file.array()))) {
      assertThat(open.format()).isEqualTo(Format.SAFETENSORS);
    }
  }

  @Test
  void keepsTheTextsOfSafetensors() throws IOException {
    try (Checkpoint plain = Checkpoint.open(SourceFixtures.path("narrow.safetensors"));
        Checkpoint sharded =
            Checkpoint.open(SourceFixtures.source("sharded/model.safetensors.index.json"))) {
      assertThat(plain.texts()).containsExactlyEntriesOf(Map.of("format", "pt"));
      assertThat(sharded.texts()).isEqualTo(Map.of("format", "pt", "note", "split"));
    }
  }
}

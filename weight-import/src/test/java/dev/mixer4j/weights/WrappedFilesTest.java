package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as people have them; tools/reference/make_wrapped_fixtures.py makes them. */
class WrappedFilesTest {

  private static final Path FIXTURES = Fixtures.path("wrapped");
  private static final Path PLAIN = FIXTURES.resolve("plain.safetensors");

  @TempDir private Path folder;

  static List<String> read() throws IOException {
    try (Stream<Path> files = Files.list(FIXTURES.resolve("read"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("read")
  void theNetworkIsFoundInIt(String name) throws IOException {
    try (Checkpoint plain = Checkpoint.open(PLAIN);
        Checkpoint wrapped = Checkpoint.open(FIXTURES.resolve("read").resolve(name))) {
      assertThat(wrapped.network().shapes()).isEqualTo(plain.network().shapes());
      for (String variable : plain.network().shapes().keySet()) {
        assertThat(Fixtures.values(wrapped, variable)).isEqualTo(Fixtures.values(plain, variable));
      }
    }
  }

  @Test
  void whatIsBesideTheNetworkIsListed() throws IOException {
    try (Checkpoint read = Checkpoint.open(FIXTURES.resolve("read/loss_weights.pth"))) {
      assertThat(read.prefix()).isEqualTo("model.");
      assertThat(read.ignored()).containsExactly("criterion.weight", "acc.tp");
    }
    try (Checkpoint read = Checkpoint.open(FIXTURES.resolve("read/two_levels.pth"))) {
      assertThat(read.part()).isEqualTo("state_dict.model");
    }
    try (Checkpoint read = Checkpoint.open(FIXTURES.resolve("read/module.pth"))) {
      assertThat(read.part()).isEqualTo("module");
      assertThat(read.ignored()).containsExactly("epoch", "optimizer");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "two_entries.pth | its entries generator, other look like state dicts; convert --part",
        "two_prefixes.pth | there are as many of timm's names behind each of 'ema.module.', 'model.'",
        "pointer.safetensors | not weights, but a pointer of Git LFS in place of the file; 'git lfs",
        "page.pth | not weights, but a web page; download the file itself",
        "packed.pth | not weights, but a gzip file; unpack it with 'gunzip'",
        "array.npy | not weights, but one NumPy array; save all tensors with np.savez",
        "network.json | a Keras network without weights; save the model as .keras",
        "flax.msgpack | not weights, but a msgpack of Flax; load it with flax.serialization",
        "graph.onnx | not weights, but an ONNX graph, whose tensors have lost their names",
      })
  void whatItIsInsteadIsSaid(String name, String message) {
    Path file = FIXTURES.resolve("refused").resolve(name);
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sequence.pth", "outside.pth", "classifier.pth"})
  void aHeadThatIsNotKnownDoesNotMatterWhereItIsReplaced(String name) throws IOException {
    Path file = FIXTURES.resolve("head").resolve(name);
    assertThatThrownBy(() -> Checkpoint.open(file))
        .hasMessageContaining("--drop-head or --classes N leave such a head out");
    for (int classes : new int[] {0, 6}) {
      ImportOptions options = new ImportOptions(classes, Map.of(), null, null);
      try (Checkpoint read = Checkpoint.open(file, options);
          Checkpoint plain = Checkpoint.open(PLAIN)) {
        assertThat(read.network().classes()).isEqualTo(classes);
        assertThat(read.ignored()).hasSize(2);
        assertThat(Fixtures.values(read, "stem/kernel"))
            .isEqualTo(Fixtures.values(plain, "stem/kernel"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "two_entries.pth, generator",
    "two_entries.pth, other",
    "two_prefixes.pth, model",
    "two_prefixes.pth, model.",
    "two_prefixes.pth, ema.module.",
    "two_prefixes.pth, ema"
  })
  void ofSeveralNetworksOneIsChosen(String name, String part) throws IOException {
    Path file = FIXTURES.resolve("refused").resolve(name);
    ImportOptions options = new ImportOptions(null, Map.of(), null, null, part);
    try (Checkpoint read = Checkpoint.open(file, options);
        Checkpoint plain = Checkpoint.open(PLAIN)) {
      assertThat(Fixtures.values(read, "head/kernel"))
          .isEqualTo(Fixtures.values(plain, "head/kernel"));
      assertThat(read.ignored()).isNotEmpty();
    }
    ImportOptions none = new ImportOptions(null, Map.of(), null, null, "nothing");
    assertThatThrownBy(() -> Checkpoint.open(file, none)).isInstanceOf(WeightsException.class);
  }

  @Test
  void aFolderOfAModelHubHasMeanStdTransformAndNamesBesideTheWeights() throws IOException {
    Files.copy(PLAIN, folder.resolve("model.safetensors"));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architecture": "mixer", "label_names": ["cat", "dog"], "pretrained_cfg": {"mean": [0.1, 0.2, 0.3],
         "std": [0.4, 0.5, 0.6], "interpolation": "bilinear", "crop_pct": 0.9, "crop_mode": "center"}}
        """);
    for (Path path : List.of(folder, folder.resolve("model.safetensors"))) {
      try (Checkpoint read = Checkpoint.open(path)) {
        assertThat(read.network().input().mean()).containsExactly(0.1f, 0.2f, 0.3f);
        assertThat(read.network().input().std()).containsExactly(0.4f, 0.5f, 0.6f);
        assertThat(read.info().classNames()).containsExactly("cat", "dog");
        assertThat(read.info().transform().orElseThrow()).hasToString("center-crop 0.9 bilinear");
      }
    }
    ImportOptions given = new ImportOptions(null, Map.of(), List.of(0.7f), List.of(0.8f));
    try (Checkpoint read = Checkpoint.open(folder, given)) {
      assertThat(read.network().input().mean()).containsOnly(0.7f);
    }
    Files.writeString(
        folder.resolve("config.json"), "{\"id2label\": {\"1\": \"b\", \"0\": \"a\"}}");
    try (Checkpoint read = Checkpoint.open(folder)) {
      assertThat(read.info().classNames()).containsExactly("a", "b");
    }
    Files.writeString(folder.resolve("config.json"), "{\"mean\": ");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(WeightsException.class)
        .hasMessageStartingWith(folder.resolve("config.json") + ": not valid JSON");
  }

  @Test
  void aFolderWithoutWeightsIsNamed() throws IOException {
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContaining("a folder without saved_model.pb or model.safetensors");
    Files.writeString(folder.resolve("_METADATA"), "{}");
    assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("an Orbax checkpoint");
  }

  @Test
  void whatIsAssumedIsReported() throws IOException {
    try (Checkpoint plain = Checkpoint.open(PLAIN)) {
      assertThat(plain.assumed()).containsExactly("gelu erf", "layer_norm_epsilon 1.0E-6");
    }
  }
}

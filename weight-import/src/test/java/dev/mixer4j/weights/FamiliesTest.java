package dev.mixer4j.weights;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.core.network.ResNet.Shortcut;
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The families other than the Mixer: files of tools/reference/make_family_fixtures.py. */
class FamiliesTest {

  private static final Map<String, Network> NETWORKS =
      Map.ofEntries(
          entry("lenet5", new LeNet5(ImageInput.square(28, 1), 10)),
          entry("lenet5_rgb", new LeNet5(ImageInput.square(16, 3), 4)),
          entry("resnet", new ResNet(ImageInput.square(28, 1), 10, Shortcut.BROADCAST)),
          entry("resnet_rgb", new ResNet(ImageInput.square(8, 3), 5, Shortcut.CONV)),
          entry("mlp", new MultilayerPerceptron(ImageInput.square(8, 1), List.of(9, 7), 5, false)),
          entry("mlp_rgb", new MultilayerPerceptron(ImageInput.square(6, 3), List.of(6), 4, false)),
          entry("gru", new Gru(ImageInput.square(12, 1), 5, 3)),
          entry(
              "vit",
              new VisionTransformer(ImageInput.square(12, 1), 4, 16, 2, 8, 12, 5, false, 1e-5f)),
          entry(
              "vit_timm",
              new VisionTransformer(ImageInput.square(16, 3), 8, 128, 1, 2, 20, 4, true, 1e-6f)),
          entry("resmlp", new ResMlp(ImageInput.imageNet(12, 1), 4, 8, 3, 20, 3, 1e-4f)),
          entry("resmlp_rgb", new ResMlp(ImageInput.imageNet(16, 3), 8, 10, 2, 12, 5, 1e-4f)),
          entry(
              "vip",
              new VisionPermutator(
                  ImageInput.imageNet(224, 1), 56, List.of(2, 1), List.of(8, 12), 2, 4)));

  @TempDir private Path folder;

  private static Path fixture(String file) {
    return Fixtures.path("networks/" + file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lenet5.pth",
        "lenet5_rgb.pth",
        "lenet5_rgb.blocks.pth",
        "lenet5_rgb.safetensors",
        "resnet.pth",
        "resnet_rgb.pth",
        "resnet_rgb.safetensors",
        "mlp.pth",
        "mlp.safetensors",
        "mlp.sequential.safetensors",
        "mlp.flatten.safetensors",
        "mlp.dropout.safetensors",
        "mlp.flatten_dropout.safetensors",
        "mlp_rgb.pth",
        "gru.pth",
        "gru.safetensors",
        "vit.pth",
        "vit.safetensors",
        "vit_timm.pth",
        "resmlp.pth",
        "resmlp_rgb.pth",
        "resmlp_rgb.deit.pth",
        "resmlp_rgb.safetensors",
        "vip.pth",
        "vip.safetensors"
      })
  void computesWhatPyTorchComputes(String file) throws IOException {
    String name = file.substring(0, file.indexOf('.'));
    try (Checkpoint checkpoint = Checkpoint.open(fixture(file))) {
      assertThat(checkpoint.network()).isEqualTo(NETWORKS.get(name));
      Fixtures.assertLogits(checkpoint, "networks/" + name, 1e-6f);
    }
  }

  @Test
  void anEntryAPrefixAndWhatIsNotUsed() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(fixture("lenet5_rgb.blocks.pth"))) {
      assertThat(checkpoint.part()).isEqualTo("state_dict");
      assertThat(checkpoint.prefix()).isEqualTo("module.");
      assertThat(checkpoint.ignored()).containsExactly("epoch");
    }
    try (Checkpoint checkpoint = Checkpoint.open(fixture("resnet.pth"))) {
      assertThat(checkpoint.ignored())
          .containsExactly("bn1.num_batches_tracked", "bn2.num_batches_tracked");
      assertThat(checkpoint.used())
          .hasSize(16)
          .containsEntry("bn2.running_var", "norm2/variance")
          .containsEntry("conv4.weight", "merge/kernel");
    }
  }

  /** To each format and back, bit for bit, with everything that the format keeps. */
  @ParameterizedTest
  @EnumSource
  void everyFormatTakesEveryNetwork(TargetFormat format) throws IOException {
    for (Map.Entry<String, Network> each : NETWORKS.entrySet()) {
      Network network =
          each.getValue()
              .withInput(each.getValue().input().withNormalization(List.of(0.1f), List.of(0.3f)));
      List<String> names = names(network.classes());
      ModelInfo info = new ModelInfo(names, Optional.of(ImageTransform.FIT), Optional.empty());
      RandomWeights weights = new RandomWeights(network, info);
      Path file = folder.resolve(each.getKey() + "." + format);
      CheckpointWriter.write(file, format, weights, info, false, bytes -> {});
      boolean tensorsOnly = format == TargetFormat.NPZ || format == TargetFormat.TF_CHECKPOINT;
      assertThat(format.losses(new Metadata(network, info)).isEmpty()).isEqualTo(!tensorsOnly);
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        assertThat(checkpoint.network()).isEqualTo(tensorsOnly ? each.getValue() : network);
        assertThat(checkpoint.info()).isEqualTo(tensorsOnly ? ModelInfo.NONE : info);
        for (String name : network.shapes().keySet()) {
          assertThat(Fixtures.values(checkpoint, name)).isEqualTo(weights.values(name));
        }
      }
    }
  }

  /** Any text: with line ends, quotes and letters beyond ASCII. */
  private static List<String> names(int count) {
    List<String> all =
        List.of("a \"cat\"", "two\nlines", "猫", "", "a\\b", "6", "7", "8", "9", "10");
    return all.subList(0, count);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"lenet5", "resnet_rgb", "mlp", "gru", "vit", "vit_timm", "resmlp_rgb", "vip"})
  void safetensorsHaveTheStateDictsNamesTypesAndShapes(String name) throws IOException {
    Path ours = folder.resolve("ours.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(fixture(name + ".pth"))) {
      CheckpointWriter.write(
          ours, TargetFormat.SAFETENSORS, checkpoint, checkpoint.info(), false, bytes -> {});
    }
    try (TensorFile written = TensorFiles.open(ours);
        TensorFile pytorchs = TensorFiles.open(fixture(name + ".pth"))) {
      assertThat(written.tensors()).containsExactlyInAnyOrderEntriesOf(pytorchs.tensors());
      for (TensorInfo tensor : written.tensors().values()) {
        if (tensor.dtype().isFloat()) {
          float[] found = Fixtures.values(written, tensor);
          assertThat(found).as(tensor.name()).isEqualTo(Fixtures.values(pytorchs, tensor));
        }
      }
    }
  }

  @Test
  void aFileThatFitsNoFamilyIsToldTheClosest() throws IOException {
    SafetensorsBytes file = lenet();
    add(file, "extra", 3);
    assertMismatch(
        file, "the closest is a lenet5, with 10 of 11 tensors", "not PyTorch's: extra;", "conv.3");
    file = new SafetensorsBytes();
    add(file, "conv1.weight", 8, 1, 3, 3);
    add(file, "conv1.bias", 8);
    add(file, "bn1.weight", 8);
    assertMismatch(file, "the closest is a resnet, with 3 of 3 tensors", "no tensor for");
    file = lenet();
    add(file, "fc1.bias", 120);
    assertMismatch(file, "tensors 'fc.0.bias' and 'fc1.bias' both stand for dense1/bias");
  }

  @Test
  void thePrefixIsTheOneOfMostTensors() throws IOException {
    SafetensorsBytes file = lenet("net.module.");
    add(file, "other.fc.0.bias", 120);
    assertMismatch(file, "a lenet5, with 10 of 11 tensors", "not PyTorch's: other.fc.0.bias;");
  }

  private static SafetensorsBytes lenet() {
    return lenet("");
  }

  private static SafetensorsBytes lenet(String prefix) {
    SafetensorsBytes file = new SafetensorsBytes();
    add(file, prefix + "conv.0.weight", 6, 1, 5, 5);
    add(file, prefix + "conv.0.bias", 6);
    add(file, prefix + "conv.3.weight", 16, 6, 5, 5);
    add(file, prefix + "conv.3.bias", 16);
    add(file, prefix + "fc.0.weight", 120, 256);
    add(file, prefix + "fc.0.bias", 120);
    add(file, prefix + "fc.2.weight", 84, 120);
    add(file, prefix + "fc.2.bias", 84);
    add(file, prefix + "fc.4.weight", 10, 84);
    add(file, prefix + "fc.4.bias", 10);
    return file;
  }

  private static void add(SafetensorsBytes file, String name, long... shape) {
    int size = 1;
    for (long each : shape) {
      size *= (int) each;
    }
    file.tensor(name, "F32", shape, NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, new float[size]));
  }

  private void assertMismatch(SafetensorsBytes content, String... parts) throws IOException {
    Path file = Files.write(folder.resolve("a.safetensors"), content.bytes());
    assertThatThrownBy(() -> Checkpoint.open(file).close())
        .isInstanceOf(MismatchException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lenet5.pth | gelu | tanh | lenet5 has no setting 'gelu'; it has [input, classes]",
        "resnet.pth | shortcut | conv | {shortcut=conv} asks for other tensors",
        "resnet.pth | shortcut | no | shortcut: expected one of [broadcast, conv], found \"no\""
      })
  void settingsThatTheFamilyDoesNotHave(String file, String name, String value, String problem) {
    ImportOptions options = new ImportOptions(null, Map.of(name, value), null, null);
    assertThatThrownBy(() -> Checkpoint.open(fixture(file), options).close())
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void aNewHead() throws IOException {
    ImportOptions options = new ImportOptions(3, Map.of(), List.of(0f), List.of(1f));
    for (String file : List.of("lenet5.pth", "resnet.pth")) {
      try (Checkpoint checkpoint = Checkpoint.open(fixture(file), options)) {
        assertThat(checkpoint.network().classes()).isEqualTo(3);
        assertThat(checkpoint.network().input())
            .isEqualTo(ImageInput.square(28, 1).withNormalization(List.of(0f), List.of(1f)));
        assertThat(Fixtures.values(checkpoint, "head/kernel")).containsOnly(0f);
        assertThat(checkpoint.ignored()).anyMatch(name -> name.startsWith("fc."));
      }
    }
  }

  @Test
  void largerImagesAreForMixers() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(fixture("resnet.pth"))) {
      assertThatThrownBy(() -> HigherResolution.of(checkpoint, 56))
          .isInstanceOf(MismatchException.class)
          .hasMessageContaining("only a Mixer's weights", "found a resnet");
    }
  }
}

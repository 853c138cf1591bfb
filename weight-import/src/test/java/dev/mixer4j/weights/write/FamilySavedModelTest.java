package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** SavedModels of networks with other channels than three, and with variables not trained. */
class FamilySavedModelTest {

  private static final ImageInput GRAY =
      new ImageInput(16, 16, 1, List.of(0.4f), List.of(0.3f)); // far from what is not normalized

  @TempDir private Path folder;

  private static Network network(String name) {
    return switch (name) {
      case "lenet5" -> new LeNet5(GRAY, 3);
      case "mlp" -> new MultilayerPerceptron(GRAY, List.of(7, 5), 3, false);
      case "gru" -> new Gru(GRAY, 6, 3);
      case "vit" -> new VisionTransformer(GRAY, 4, 16, 2, 4, 12, 3, true, 1e-6f);
      case "vip" -> new VisionPermutator(GRAY, 4, List.of(1, 1), List.of(8, 12), 2, 3);
      case "resmlp" -> new ResMlp(GRAY, 4, 8, 2, 12, 3, 1e-4f);
      case "resnet" -> new ResNet(GRAY, 3, ResNet.Shortcut.BROADCAST);
      default -> new ResNet(ImageInput.square(16, 3), 3, ResNet.Shortcut.CONV);
    };
  }

  /** The variances are positive, as batch norm's are. */
  private record Positive(RandomWeights weights) implements dev.mixer4j.core.Model {
    @Override
    public Network network() {
      return weights.network();
    }

    @Override
    public ModelInfo info() {
      return weights.info();
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      for (float value : weights.values(name)) {
        destination.put(name.endsWith("/variance") ? 1 + value * value : value / 8);
      }
    }

    @Override
    public void close() {}
  }

  private Path write(Positive weights, SavedModelInput served) throws IOException {
    Path model = folder.resolve("model");
    Metadata metadata = new Metadata(weights.network(), weights.info());
    CheckpointWriter.writeSavedModel(model, weights, metadata, served, false, bytes -> {});
    return model;
  }

  private static Positive weights(Network network) {
    ModelInfo info =
        new ModelInfo(List.of("a", "b", "c"), Optional.of(ImageTransform.FIT), Optional.empty());
    return new Positive(new RandomWeights(network, info));
  }

  private static byte[] file(String format) throws IOException {
    BufferedImage image = new BufferedImage(40, 24, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 40; x++) {
      for (int y = 0; y < 24; y++) {
        image.setRGB(x, y, (x * 6) << 16 | (y * 10) << 8 | (255 - 3 * (x + y)));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, format, out);
    return out.toByteArray();
  }

  private static float[][] logits(Result result) {
    TFloat32 logits = (TFloat32) result.get("logits").orElseThrow();
    float[][] rows = new float[(int) logits.shape().get(0)][(int) logits.shape().get(1)];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows[i].length; j++) {
        rows[i][j] = logits.getFloat(i, j);
      }
    }
    return rows;
  }

  private static void assertClose(float[][] found, float[][] wanted, float bound) {
    for (int i = 0; i < wanted.length; i++) {
      for (int j = 0; j < wanted[i].length; j++) {
        assertThat(found[i][j]).isCloseTo(wanted[i][j], within(bound));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lenet5", "resnet", "resnet_rgb", "mlp", "gru", "vit", "resmlp", "vip"})
  void filesGiveTheClassifiersLogits(String name) throws IOException {
    Positive weights = weights(network(name));
    List<BufferedImage> images = new ArrayList<>();
    byte[][] files = {file("png"), file("png")};
    for (byte[] file : files) {
      images.add(ImageIO.read(new ByteArrayInputStream(file)));
    }
    try (ImageClassifier classifier = new ImageClassifier(weights);
        SavedModelBundle bundle =
            SavedModelBundle.load(write(weights, SavedModelInput.IMAGE_BYTES).toString(), "serve");
        TString batch = TString.tensorOfBytes(NdArrays.vectorOfObjects(files[0], files[1]));
        Result result = bundle.function("serving_default").call(Map.of("image_bytes", batch))) {
      assertClose(logits(result), classifier.logits(images), 2e-3f);
      assertThat(result.get("features")).isPresent();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lenet5", "resnet", "resnet_rgb", "mlp", "gru", "vit", "resmlp", "vip"})
  void normalizedImagesGiveTheClassifiersLogits(String name) throws IOException {
    Positive weights = weights(network(name));
    int channels = weights.network().input().channels();
    float[] numbers = new float[2 * 16 * 16 * channels];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) Math.sin(i);
    }
    try (ImageClassifier classifier = new ImageClassifier(weights);
        SavedModelBundle bundle =
            SavedModelBundle.load(write(weights, SavedModelInput.NORMALIZED).toString(), "serve");
        TFloat32 batch = TFloat32.tensorOf(Shape.of(2, 16, 16, channels), DataBuffers.of(numbers));
        Result result = bundle.function("normalized").call(Map.of("normalized", batch))) {
      assertClose(logits(result), classifier.logits(batch), 1e-6f);
    }
  }

  /** An optimizer in Python must not train batch norm's averages. */
  @Test
  void runningAveragesAreNotTrainable() throws Exception {
    Path model = write(weights(network("resnet")), SavedModelInput.NORMALIZED);
    var collections =
        org.tensorflow.proto.SavedModel.parseFrom(
                java.nio.file.Files.readAllBytes(model.resolve("saved_model.pb")))
            .getMetaGraphs(0)
            .getCollectionDefMap();
    assertThat(collections.get("variables").getBytesList().getValueList()).hasSize(16);
    assertThat(collections.get("trainable_variables").getBytesList().getValueList()).hasSize(12);
  }

  /** Files are decoded to one or three channels; transforms are made for square images. */
  @Test
  void signaturesThatAreNotThere() throws IOException {
    Positive four = weights(new LeNet5(ImageInput.square(16, 4), 3));
    assertThatThrownBy(() -> write(four, SavedModelInput.IMAGE_BYTES))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContaining("has no signature image_bytes; it has [images, normalized]");
    Positive wide = weights(new LeNet5(new ImageInput(16, 20, 1, List.of(0f), List.of(1f)), 3));
    Path model = write(wide, SavedModelInput.NORMALIZED);
    try (SavedModelBundle bundle = SavedModelBundle.load(model.toString(), "serve")) {
      SignatureDef served = bundle.metaGraphDef().getSignatureDefMap().get("serving_default");
      assertThat(served.getInputsMap()).containsOnlyKeys("normalized");
      assertThat(bundle.metaGraphDef().getSignatureDefMap()).doesNotContainKey("images");
    }
  }
}

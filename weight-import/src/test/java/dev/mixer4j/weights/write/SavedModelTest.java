package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.Logits;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * The folders that are written, loaded and run by TensorFlow, which knows nothing of our classes.
 */
class SavedModelTest {

  private static final Origin SOURCE = new Origin("npz", "0".repeat(64));

  /** What is normalised is far from what is not. */
  private static final Mixer CONFIG =
      Mixer.of(24, 8, 20, 2, 14, 36, 3)
          .withGelu(Gelu.ERF)
          .withInput(
              ImageInput.square(24, 3)
                  .withNormalization(List.of(0.4f, 0.5f, 0.6f), List.of(0.2f, 0.25f, 0.3f)));

  /** Levels of some pixels are one off, which makes 1e-3 of logits that reach 10. */
  private static final float ROUNDED = 2e-3f;

  private static final List<String> NAMES = List.of("Katze", "犬", "a bird");

  @TempDir private Path folder;

  private static Metadata metadata(RandomWeights weights) {
    return new Metadata(weights.network(), weights.info().withOrigin(SOURCE));
  }

  private Path write(RandomWeights weights, SavedModelInput servingDefault) throws IOException {
    Path model = folder.resolve("model");
    CheckpointWriter.writeSavedModel(
        model, weights, metadata(weights), servingDefault, false, bytes -> {});
    return model;
  }

  private static SavedModelBundle load(Path model) {
    return SavedModelBundle.load(model.toString(), "serve");
  }

  /** Against timm's logits. */
  @Test
  void convertedWeightsGiveTheLogitsOfTheirFramework() throws IOException {
    Path model = folder.resolve("model");
    try (Checkpoint checkpoint = Checkpoint.open(Fixtures.path("narrow.pth"))) {
      CheckpointWriter.write(
          model,
          TargetFormat.SAVED_MODEL,
          checkpoint,
          checkpoint.info().withOrigin(SOURCE),
          false,
          bytes -> {});
    }
    NpyFile x = NpyFile.read(Fixtures.path("narrow.x.npy"));
    NpyFile y = NpyFile.read(Fixtures.path("narrow.timm.npy"));
    try (SavedModelBundle bundle = load(model);
        TFloat32 normalized = TFloat32.tensorOf(x.shape(), DataBuffers.of(x.values()));
        Result result = bundle.function("serving_default").call(Map.of("normalized", normalized))) {
      TFloat32 logits = (TFloat32) result.get("logits").orElseThrow();
      assertThat(logits.shape()).isEqualTo(Shape.of(3, 7));
      logits
          .scalars()
          .forEach(
              logit -> assertThat(logit.getFloat()).isCloseTo(y.values().get(), within(2e-5f)));
    }
  }

  /** PNG and JPEG of several sizes in one batch, against what a classifier says of each. */
  @ParameterizedTest
  @ValueSource(strings = {"center-crop 0.875 bicubic", "squash bilinear", "fit"})
  void imagesBecomeWhatTheWeightsSay(String text) throws IOException {
    ImageTransform transform = ImageTransform.parse(text);
    RandomWeights weights = new RandomWeights(CONFIG, NAMES, Optional.of(transform));
    List<byte[]> files = files();
    List<BufferedImage> images = new ArrayList<>();
    for (byte[] file : files) {
      images.add(ImageIO.read(new ByteArrayInputStream(file)));
    }
    try (ImageClassifier classifier = new ImageClassifier(weights);
        SavedModelBundle bundle = load(write(weights, SavedModelInput.IMAGE_BYTES));
        TString bytes =
            TString.tensorOfBytes(NdArrays.vectorOfObjects(files.toArray(byte[][]::new)))) {
      assertThat(classifier.transform()).isEqualTo(transform);
      float[][] wanted = classifier.logits(images);
      for (String signature : List.of("image_bytes", "serving_default")) {
        try (Result result = bundle.function(signature).call(Map.of("image_bytes", bytes))) {
          assertOutputs(result, wanted, classifier.features(images));
        }
      }
      for (int i = 0; i < images.size(); i++) {
        List<BufferedImage> one = images.subList(i, i + 1);
        try (TFloat32 pixels = pixels(one.get(0));
            Result result = bundle.function("images").call(Map.of("images", pixels))) {
          assertOutputs(result, classifier.logits(one), classifier.features(one));
        }
      }
    }
  }

  private static void assertOutputs(Result result, float[][] logits, float[][] features) {
    assertClose(matrix(result, "logits"), logits, ROUNDED);
    assertClose(matrix(result, "features"), features, ROUNDED);
    float[][] probabilities = matrix(result, "probabilities");
    TString classes = (TString) result.get("classes").orElseThrow();
    assertThat(classes.shape()).isEqualTo(Shape.of(logits.length));
    for (int i = 0; i < logits.length; i++) {
      int best = best(logits[i]);
      assertThat(best(probabilities[i])).isEqualTo(best);
      assertThat(classes.getObject(i)).isEqualTo(NAMES.get(best));
      assertClose(
          new float[][] {probabilities[i]},
          new float[][] {softmax(matrix(result, "logits")[i])},
          1e-6f);
    }
  }

  private static float[] softmax(float[] logits) {
    double[] exact = Logits.softmax(logits);
    float[] rounded = new float[exact.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) exact[i];
    }
    return rounded;
  }

  private static void assertClose(float[][] found, float[][] wanted, float bound) {
    assertThat(found).hasDimensions(wanted.length, wanted[0].length);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).containsExactly(wanted[i], within(bound));
    }
  }

  private static int best(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  private static float[][] matrix(Result result, String output) {
    return StdArrays.array2dCopyOf((FloatNdArray) result.get(output).orElseThrow());
  }

  private static TFloat32 pixels(BufferedImage image) {
    float[] levels = new float[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < levels.length; i++) {
      int x = i / 3 % image.getWidth();
      levels[i] = image.getRGB(x, i / 3 / image.getWidth()) >> 16 - 8 * (i % 3) & 0xff;
    }
    return TFloat32.tensorOf(
        Shape.of(1, image.getHeight(), image.getWidth(), 3), DataBuffers.of(levels, true, false));
  }

  private static List<byte[]> files() throws IOException {
    byte[] wide = Files.readAllBytes(Fixtures.path("transforms/photo_wide.png"));
    byte[] tall = Files.readAllBytes(Fixtures.path("transforms/photo_tall.png"));
    return List.of(wide, jpeg(tall), tall, jpeg(wide));
  }

  private static byte[] jpeg(byte[] png) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(ImageIO.read(new ByteArrayInputStream(png)), "jpeg", out)).isTrue();
    return out.toByteArray();
  }

  @Test
  void normalizedImagesGiveTheClassifiersBits() throws IOException {
    RandomWeights weights = new RandomWeights(CONFIG);
    float[] numbers = new float[2 * 24 * 24 * 3];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) Math.sin(i);
    }
    try (ImageClassifier classifier = new ImageClassifier(weights);
        SavedModelBundle bundle = load(write(weights, SavedModelInput.IMAGES));
        TFloat32 batch = TFloat32.tensorOf(Shape.of(2, 24, 24, 3), DataBuffers.of(numbers));
        Result result = bundle.function("normalized").call(Map.of("normalized", batch))) {
      assertClose(matrix(result, "logits"), classifier.logits(batch), 1e-6f);
      assertClose(matrix(result, "features"), classifier.features(batch), 1e-6f);
      TString classes = (TString) result.get("classes").orElseThrow();
      assertThat(classes.getObject(1)).isEqualTo("class " + best(classifier.logits(batch)[1]));
    }
  }

  /** Unchecked, images without their batch's dimension end the process. */
  @ParameterizedTest
  @ValueSource(strings = {"normalized", "images"})
  void aBatchOfAnotherShapeIsRefused(String signature) throws IOException {
    int size = CONFIG.input().size();
    List<Shape> wrong =
        List.of(Shape.of(size, size, 3), Shape.of(1, size, size, 1), Shape.of(size, size));
    try (SavedModelBundle bundle =
        load(write(new RandomWeights(CONFIG), SavedModelInput.IMAGE_BYTES))) {
      for (Shape shape : wrong) {
        try (TFloat32 batch = TFloat32.tensorOf(shape)) {
          assertThatThrownBy(() -> bundle.function(signature).call(Map.of(signature, batch)))
              .isInstanceOf(TFInvalidArgumentException.class);
        }
      }
    }
  }

  @Test
  void aFileThatIsNoImageFailsTheBatchWithTensorFlowsMessage() throws IOException {
    byte[][] files = {files().get(0), "no image".getBytes()};
    byte[][] cut = {Arrays.copyOf(files().get(1), 600)};
    try (SavedModelBundle bundle =
        load(write(new RandomWeights(CONFIG), SavedModelInput.IMAGE_BYTES))) {
      assertThatThrownBy(() -> classify(bundle, files))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("Unknown image file format. One of JPEG, PNG, GIF, BMP required.");
      assertThatThrownBy(() -> classify(bundle, cut))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("Invalid JPEG data");
      assertThat(classify(bundle, files().toArray(byte[][]::new))).hasNumberOfRows(4);
    }
  }

  private static float[][] classify(SavedModelBundle bundle, byte[]... files) {
    try (TString bytes = TString.tensorOfBytes(NdArrays.vectorOfObjects(files));
        Result result = bundle.function("image_bytes").call(Map.of("image_bytes", bytes))) {
      return matrix(result, "logits");
    }
  }

  /** As TensorFlow Serving reads it. */
  @ParameterizedTest
  @EnumSource
  void signatures(SavedModelInput servingDefault) throws IOException {
    Path model = write(new RandomWeights(CONFIG, NAMES), servingDefault);
    MetaGraphDef graph = definition(model);
    assertThat(graph.getMetaInfoDef().getTagsList()).containsExactly("serve");
    Map<String, SignatureDef> signatures = new HashMap<>(graph.getSignatureDefMap());
    assertThat(signatures)
        .containsOnlyKeys("image_bytes", "images", "normalized", "serving_default");
    assertThat(signatures.get("serving_default"))
        .isEqualTo(signatures.get(servingDefault.toString()));
    signatures.remove("serving_default");
    TreeSet<String> found = new TreeSet<>();
    signatures.forEach(
        (name, signature) -> {
          assertThat(signature.getMethodName()).isEqualTo("tensorflow/serving/predict");
          signature
              .getInputsMap()
              .forEach((input, info) -> found.add(name + " < " + text(input, info)));
          signature
              .getOutputsMap()
              .forEach((output, info) -> found.add(name + " > " + text(output, info)));
        });
    TreeSet<String> wanted =
        new TreeSet<>(
            List.of(
                "image_bytes < image_bytes DT_STRING [-1]",
                "images < images DT_FLOAT [-1, -1, -1, 3]",
                "normalized < normalized DT_FLOAT [-1, 24, 24, 3]"));
    for (SavedModelInput name : SavedModelInput.values()) {
      wanted.add(name + " > logits DT_FLOAT [-1, 3]");
      wanted.add(name + " > probabilities DT_FLOAT [-1, 3]");
      wanted.add(name + " > classes DT_STRING [-1]");
      wanted.add(name + " > features DT_FLOAT [-1, 20]");
    }
    assertThat(found).isEqualTo(wanted);
  }

  private static String text(String name, org.tensorflow.proto.TensorInfo info) {
    return "%s %s %s"
        .formatted(
            name,
            info.getDtype(),
            info.getTensorShape().getDimList().stream().map(dim -> dim.getSize()).toList());
  }

  private static MetaGraphDef definition(Path model) throws IOException {
    try (InputStream in = Files.newInputStream(model.resolve("saved_model.pb"))) {
      return SavedModel.parseFrom(in).getMetaGraphs(0);
    }
  }

  @Test
  void withoutAHeadThereAreFeaturesAlone() throws IOException {
    RandomWeights weights = new RandomWeights(CONFIG.withClasses(0));
    Path model = write(weights, SavedModelInput.IMAGES);
    for (SignatureDef signature : definition(model).getSignatureDefMap().values()) {
      assertThat(signature.getOutputsMap()).containsOnlyKeys("features");
    }
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(files().get(1)));
    try (ImageClassifier classifier = new ImageClassifier(weights);
        SavedModelBundle bundle = load(model);
        TFloat32 pixels = pixels(image);
        Result result = bundle.function("images").call(Map.of("images", pixels))) {
      assertClose(matrix(result, "features"), classifier.features(List.of(image)), ROUNDED);
    }
  }

  @Test
  void theMetadatasTransformIsTheOneInTheGraph() throws IOException {
    RandomWeights weights = new RandomWeights(CONFIG, NAMES, Optional.of(ImageTransform.FIT));
    ImageTransform squash = ImageTransform.squash(Interpolation.BICUBIC);
    Path model = folder.resolve("model");
    CheckpointWriter.writeSavedModel(
        model,
        weights,
        new Metadata(weights.network(), weights.info().withTransform(squash)),
        SavedModelInput.IMAGE_BYTES,
        false,
        bytes -> {});
    byte[] file = files().get(0);
    List<BufferedImage> image = List.of(ImageIO.read(new ByteArrayInputStream(file)));
    try (Checkpoint back = Checkpoint.open(model);
        ImageClassifier classifier = new ImageClassifier(back);
        ImageClassifier fit = new ImageClassifier(weights);
        SavedModelBundle bundle = load(model)) {
      assertThat(back.info().transform()).contains(squash);
      float[][] logits = classify(bundle, file);
      assertClose(logits, classifier.logits(image), ROUNDED);
      assertThat(Math.abs(logits[0][0] - fit.logits(image)[0][0])).isGreaterThan(ROUNDED);
    }
  }

  @Test
  void theSameWeightsMakeTheSameFile() throws IOException {
    Path definition =
        write(new RandomWeights(CONFIG, NAMES), SavedModelInput.IMAGES).resolve("saved_model.pb");
    Path first = Files.move(definition.getParent(), folder.resolve("first"));
    write(new RandomWeights(CONFIG, NAMES), SavedModelInput.IMAGES);
    assertThat(definition).hasSameBinaryContentAs(first.resolve("saved_model.pb"));
  }

  /** What a graph or a function holds outside of Java's heap is given back. */
  @Test
  void writingLeavesNoNativeMemory() throws IOException {
    RandomWeights weights = new RandomWeights(CONFIG, NAMES);
    Metadata metadata = metadata(weights);
    long first = 0;
    for (int i = 0; i < 12; i++) {
      CheckpointWriter.writeSavedModel(
          folder.resolve("model"), weights, metadata, SavedModelInput.IMAGES, true, bytes -> {});
      first = i == 1 ? Pointer.totalCount() : first;
    }
    assertThat(Pointer.totalCount() - first).isLessThan(10);
  }

  @Test
  void aFolderOfSomethingElseIsNotReplaced() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path photo = Files.writeString(model.resolve("photo.jpg"), "dear");
    RandomWeights weights = new RandomWeights(CONFIG);
    assertThatThrownBy(
            () ->
                CheckpointWriter.writeSavedModel(
                    model, weights, metadata(weights), SavedModelInput.IMAGES, true, bytes -> {}))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("it is no SavedModel");
    assertThat(photo).hasContent("dear");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(model);
    }
  }
}

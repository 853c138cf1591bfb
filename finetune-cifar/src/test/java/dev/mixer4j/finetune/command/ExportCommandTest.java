package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

class ExportCommandTest {

  private static final Path PHOTO = Fixtures.resource("data/pictures/emus/photo.jpg");
  private static final Path TALL = Fixtures.resource("data/pictures/cats/tall.png");

  @TempDir static Path dir;
  private static Path weights;

  @BeforeAll
  static void train() throws IOException {
    Fixtures.Ran ran =
        Fixtures.run(
            "train",
            "--weights",
            Fixtures.weights(dir.resolve("w.h5")),
            "--data",
            Fixtures.cifar(dir.resolve("data")),
            "--out",
            dir.resolve("run"),
            "--learning-rate",
            0.01,
            "--epochs",
            2);
    assertThat(ran.code()).as(ran.err()).isZero();
    weights = dir.resolve("run/best.h5");
  }

  @Test
  void theModelPredictsAsPredictDoes() throws IOException {
    Path model = dir.resolve("model");
    Fixtures.Ran ran = Fixtures.run("export", "--weights", weights, "-o", model);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out().lines())
        .contains(
            "model: " + model,
            "  image_bytes      string [N]: JPEG and PNG files; fit",
            "  serving_default  as image_bytes");
    assertPredictsAs(model, weights);
  }

  private static void assertPredictsAs(Path model, Path weights) throws IOException {
    JsonNode wanted =
        new JsonMapper()
            .readTree(Fixtures.run("predict", "--weights", weights, "--json", PHOTO, TALL).out());
    byte[][] files = {Files.readAllBytes(PHOTO), Files.readAllBytes(TALL)};
    try (SavedModelBundle bundle = SavedModelBundle.load(model.toString(), "serve");
        TString bytes = TString.tensorOfBytes(NdArrays.vectorOfObjects(files));
        Result result = bundle.function("serving_default").call(Map.of("image_bytes", bytes))) {
      TFloat32 probabilities = (TFloat32) result.get("probabilities").orElseThrow();
      TString classes = (TString) result.get("classes").orElseThrow();
      for (int i = 0; i < files.length; i++) {
        JsonNode predictions = wanted.get(i).get("predictions");
        assertThat(predictions).hasSize(3);
        assertThat(classes.getObject(i)).isEqualTo(predictions.get(0).get("label").textValue());
        for (JsonNode prediction : predictions) {
          assertThat(probabilities.getFloat(i, prediction.get("index").intValue()))
              .isCloseTo(prediction.get("probability").floatValue(), within(1e-4f));
        }
      }
    }
  }

  @Test
  void optionsDecide() throws IOException {
    Path model = dir.resolve("squashing");
    Fixtures.Ran ran =
        Fixtures.run(
            "export",
            "--weights",
            weights,
            "-o",
            model,
            "--input",
            "images",
            "--transform",
            "squash bicubic");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("; squash bicubic", "  serving_default  as images");
    try (Checkpoint back = Checkpoint.open(model);
        SavedModelBundle bundle = SavedModelBundle.load(model.toString(), "serve")) {
      assertThat(back.info().transform()).hasToString("Optional[squash bicubic]");
      assertThat(bundle.function("serving_default").signature().inputNames())
          .containsExactly("images");
    }
  }

  @Test
  void weightsThatSayNothingAreTakenAsTimms() throws IOException {
    Path model = dir.resolve("cropping");
    Fixtures.Ran ran = Fixtures.run("export", "--weights", dir.resolve("w.h5"), "-o", model);
    assertThat(ran.code()).as(ran.err()).isZero();
    try (Checkpoint back = Checkpoint.open(model)) {
      assertThat(back.info().transform()).contains(ImageTransform.TIMM);
    }
    assertPredictsAs(model, dir.resolve("w.h5"));
  }

  @Test
  void weightsWithoutAHeadGiveFeatures() throws IOException {
    Path none = Fixtures.weights(dir.resolve("none.h5"), Fixtures.TINY.withClasses(0));
    Fixtures.Ran ran = Fixtures.run("export", "--weights", none, "-o", dir.resolve("features"));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains("gives            features float32 [N, 16], since the weights have");
  }

  @Test
  void whatIsThereIsReplacedOnlyOnRequest() throws IOException {
    Path model = dir.resolve("twice");
    assertThat(Fixtures.run("export", "--weights", weights, "-o", model).code()).isZero();
    Fixtures.Ran again = Fixtures.run("export", "--weights", weights, "-o", model);
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("twice: it is there already; --overwrite replaces it");
    assertThat(Fixtures.run("export", "--weights", weights, "-o", model, "--overwrite").code())
        .isZero();
    Path data = dir.resolve("data");
    Fixtures.Ran other = Fixtures.run("export", "--weights", weights, "-o", data, "--overwrite");
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err()).contains("data: it is no SavedModel");
    assertThat(data.resolve("test_batch.bin")).exists();
  }

  @Test
  void badWeightsLeaveNothing() throws IOException {
    Path text = Files.writeString(Files.createDirectory(dir.resolve("bad")).resolve("w.h5"), "no");
    Fixtures.Ran ran =
        Fixtures.run("export", "--weights", text, "-o", text.resolveSibling("model"));
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).startsWith("error: " + text);
    try (Stream<Path> left = Files.list(text.getParent())) {
      assertThat(left).containsExactly(text);
    }
  }
}

package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.MixerFileException;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.numpy.NpyFile;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link ImageClassifier#load}, with the loader that it finds here. */
class CheckpointLoaderTest {

  private static final List<String> IMAGES = List.of("photo_wide", "photo_tall", "gray");

  @TempDir Path folder;

  /** The whole way against timm's: file of weights, image, transform, network. */
  @Test
  void answersAsTimmDoes() throws IOException {
    NpyFile expected = NpyFile.read(Fixtures.path("transforms/logits.npy"));
    try (ImageClassifier classifier = ImageClassifier.load(Fixtures.path("square.pth"))) {
      float[][] logits = classifier.logits(images());
      assertThat(logits).hasDimensions(IMAGES.size(), (int) expected.shape().get(1));
      for (float[] row : logits) {
        for (float logit : row) {
          assertThat(logit).isCloseTo(expected.values().get(), within(2e-5f));
        }
      }
    }
  }

  @Test
  void transformsAsItIsTold() throws IOException {
    ImageTransform squash = ImageTransform.squash(Interpolation.BICUBIC);
    Path weights = Fixtures.path("square.pth");
    try (Checkpoint checkpoint = Checkpoint.open(weights);
        ImageClassifier expected =
            new ImageClassifier(checkpoint, checkpoint.info().withTransform(squash));
        ImageClassifier loaded = ImageClassifier.load(weights, squash);
        ImageClassifier cropping = ImageClassifier.load(weights)) {
      float[][] logits = loaded.logits(images());
      assertThat(logits).isDeepEqualTo(expected.logits(images()));
      assertThat(logits[0]).isNotEqualTo(cropping.logits(images())[0]);
    }
  }

  @Test
  void transformsAsTheFileSays() throws IOException {
    Path file = folder.resolve("fit.h5");
    RandomWeights weights =
        new RandomWeights(RandomWeights.TINY, List.of(), Optional.of(ImageTransform.FIT));
    Origin source = new Origin("npz", "0".repeat(64));
    CheckpointWriter.write(
        file, TargetFormat.H5, weights, weights.info().withOrigin(source), false, bytes -> {});
    try (ImageClassifier fit = ImageClassifier.load(file);
        ImageClassifier overridden = ImageClassifier.load(file, ImageTransform.TIMM);
        ImageClassifier unknown = ImageClassifier.load(Fixtures.path("square.pth"))) {
      assertThat(fit.transform()).isEqualTo(ImageTransform.FIT);
      assertThat(overridden.transform()).isEqualTo(ImageTransform.TIMM);
      assertThat(unknown.transform()).isEqualTo(ImageTransform.TIMM);
      assertThat(fit.logits(images())[0]).isNotEqualTo(overridden.logits(images())[0]);
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    Path missing = folder.resolve("missing.h5");
    assertThatThrownBy(() -> ImageClassifier.load(missing))
        .isInstanceOf(MixerFileException.class)
        .hasMessage(missing + ": no such file");
    Path empty = Files.createFile(folder.resolve("empty.h5"));
    assertThatThrownBy(() -> ImageClassifier.load(empty))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(empty.toString(), "an empty file");
    byte[] whole = Files.readAllBytes(Fixtures.path("square.safetensors"));
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> ImageClassifier.load(cut))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(cut.toString());
  }

  private static List<BufferedImage> images() throws IOException {
    List<BufferedImage> images = new ArrayList<>();
    for (String image : IMAGES) {
      images.add(ImageIO.read(Fixtures.path("transforms/" + image + ".png").toFile()));
    }
    return images;
  }
}

package dev.mixer4j.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what tools/reference/make_transform_fixtures.py made with timm. */
class ImageTransformTest {

  private static final String FIXTURES = "/fixtures/transforms/";

  @ParameterizedTest
  @CsvFileSource(resources = FIXTURES + "cases.csv")
  void equalsTimmToTheBit(
      String image,
      ImageTransform.Mode mode,
      double fraction,
      Interpolation interpolation,
      int size,
      String sha256)
      throws IOException, NoSuchAlgorithmException {
    byte[] found =
        new ImageTransform(mode, fraction, interpolation)
            .apply(read(image), ImageInput.square(size, 3));
    byte[] npy = bytes("%s.%s.%s.npy".formatted(image, mode, interpolation.name()));
    byte[] expected = Arrays.copyOfRange(npy, npy.length - 24 * 24 * 3, npy.length);
    if (size == 24 && fraction != 0.9) {
      assertThat(found).isEqualTo(expected); // tells more than a hash does
    }
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(found);
    assertThat(HexFormat.of().formatHex(hash)).isEqualTo(sha256);
  }

  /** Pillow would resize all of it, to 256 x 25,600,000; the middle is all that counts. */
  @Test
  void longLinesTakeLittleMemory() {
    BufferedImage line = new BufferedImage(1, 100_000, BufferedImage.TYPE_INT_RGB);
    line.setRGB(0, 49_999, 0xffffff);
    line.setRGB(0, 50_000, 0xffffff);
    byte[] found = ImageTransform.TIMM.apply(line, ImageInput.square(224, 3));
    assertThat(found).hasSize(224 * 224 * 3).containsOnly(0xff);
  }

  @Test
  void refusesLinesThatNoArrayWouldHold() {
    BufferedImage line = new BufferedImage(10_000_000, 1, BufferedImage.TYPE_BYTE_GRAY);
    assertThatThrownBy(() -> ImageTransform.TIMM.apply(line, ImageInput.square(224, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an image of 10000000 x 1 pixels is too narrow; crop it");
    BufferedImage column = new BufferedImage(1, 10_000_000, BufferedImage.TYPE_BYTE_GRAY);
    assertThatThrownBy(
            () ->
                ImageTransform.squash(Interpolation.BICUBIC)
                    .apply(column, ImageInput.square(224, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an image of 1 x 10000000 pixels is too large; make it smaller");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.5, 1.1, Double.NaN})
  void refusesFractionsThatAreNone(double fraction) {
    assertThatThrownBy(() -> ImageTransform.centerCrop(fraction, Interpolation.BICUBIC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cropFraction must be above 0 and at most 1, found " + fraction);
  }

  @Test
  void refusesWhatItWouldNotDo() {
    assertThatThrownBy(
            () -> new ImageTransform(ImageTransform.Mode.SQUASH, 0.5, Interpolation.BICUBIC))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ImageTransform(ImageTransform.Mode.FIT, 1, Interpolation.BICUBIC))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "center-crop 0.875 bicubic",
        "center-crop 0.0001 bilinear",
        "center-crop 1 bilinear",
        "squash bicubic",
        "squash bilinear",
        "fit"
      })
  void textsComeOutAsTheyWentIn(String text) {
    assertThat(ImageTransform.parse(text)).hasToString(text);
  }

  @Test
  void textsMeanWhatTheySay() {
    assertThat(ImageTransform.parse("center-crop 0.875 bicubic")).isEqualTo(ImageTransform.TIMM);
    assertThat(ImageTransform.parse("center-crop 1.0 bilinear"))
        .isEqualTo(ImageTransform.centerCrop(1, Interpolation.BILINEAR));
    assertThat(ImageTransform.parse("squash bilinear"))
        .isEqualTo(ImageTransform.squash(Interpolation.BILINEAR));
    assertThat(ImageTransform.parse("fit")).isEqualTo(ImageTransform.FIT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Fit",
        "fit bilinear",
        " fit",
        "fit\n",
        "squash",
        "squash 0.5 bilinear",
        "squash nearest",
        "center-crop bicubic",
        "center-crop 0.875",
        "center-crop  0.875 bicubic",
        "center-crop -0.5 bicubic",
        "center-crop 8e-1 bicubic",
        "center-crop NaN bicubic",
        "center-crop ٠.٨ bicubic"
      })
  void refusesOtherTexts(String text) {
    assertThatThrownBy(() -> ImageTransform.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a transform such as 'center-crop 0.875 bicubic'")
        .hasMessageEndingWith("found '" + text + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.0", "1.01", "999999999999999999999"})
  void refusesTextsOfOtherFractions(String fraction) {
    assertThatThrownBy(() -> ImageTransform.parse("center-crop " + fraction + " bicubic"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cropFraction must be above 0 and at most 1");
  }

  private static BufferedImage read(String image) throws IOException {
    try (InputStream in = ImageTransformTest.class.getResourceAsStream(FIXTURES + image + ".png")) {
      return ImageIO.read(in);
    }
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = ImageTransformTest.class.getResourceAsStream(FIXTURES + file)) {
      return in.readAllBytes();
    }
  }
}

package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TUint8;

class LabelledImagesTest {

  private static final int IMAGES = 1000;

  /** Image i has label 3 i and pixels i, i + 1 and so on, of 2x3. */
  private static LabelledImages images() {
    LabelledImages.Builder builder = new LabelledImages.Builder(2, 3, 3);
    byte[] pixels = new byte[18];
    for (int i = 0; i < IMAGES; i++) {
      for (int p = 0; p < pixels.length; p++) {
        pixels[p] = (byte) (i + p);
      }
      builder.add(3 * i, pixels);
    }
    return builder.build();
  }

  private static void assertImage(TUint8 tensor, int place, int image) {
    for (int p = 0; p < 18; p++) {
      assertThat(tensor.getByte(place, p / 9, p / 3 % 3, p % 3)).isEqualTo((byte) (image + p));
    }
  }

  @Test
  void imagesAreCopiedInTheOrderOfTheirIndices() {
    LabelledImages images = images();
    assertThat(images.size()).isEqualTo(IMAGES);
    assertThat(images.bytes()).isEqualTo(18_000);
    assertThat(images.labels(999, 0, 300)).containsExactly(2997, 0, 900);
    try (TUint8 some = images.pixels(999, 0, 5, 100);
        TUint8 range = images.pixels(IntStream.range(3, 998).toArray())) {
      assertThat(some.shape()).isEqualTo(Shape.of(4, 2, 3, 3));
      assertImage(some, 0, 999);
      assertImage(some, 1, 0);
      assertImage(some, 2, 5);
      assertImage(some, 3, 100);
      assertThat(range.shape()).isEqualTo(Shape.of(995, 2, 3, 3));
      for (int i = 0; i < 995; i++) {
        assertImage(range, i, i + 3);
      }
    }
  }

  @Test
  void slicesCountFromTheirOwnStart() {
    LabelledImages slice = images().slice(7, 20).slice(2, 9);
    assertThat(slice.size()).isEqualTo(7);
    assertThat(slice.labels(0, 6)).containsExactly(27, 45);
    try (TUint8 one = slice.pixels(6);
        TUint8 all = slice.pixels(IntStream.range(0, 7).toArray())) {
      assertImage(one, 0, 15);
      assertImage(all, 0, 9);
      assertImage(all, 6, 15);
    }
    assertThatThrownBy(() -> slice.pixels(7)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> slice.pixels(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(slice.first(3).size()).isEqualTo(3);
    assertThat(slice.first(8)).isSameAs(slice);
  }

  @Test
  void noneAreEmpty() {
    assertThat(LabelledImages.none().size()).isZero();
    assertThat(new LabelledImages.Builder(4, 4, 3).build().size()).isZero();
  }

  /** Pillow's levels: {@code Image.fromarray(rgb).convert("L")}. */
  @Test
  void colorsBecomeGrayAsInPillow() {
    LabelledImages.Builder builder = new LabelledImages.Builder(1, 4, 1);
    builder.add(
        0,
        new byte[] {
          (byte) 255, 0, 0, 0, (byte) 255, 0, 0, 0, (byte) 255, 10, (byte) 200, (byte) 250
        });
    assertThat(builder.build().bytes(0))
        .containsExactly((byte) 76, (byte) 150, (byte) 29, (byte) 149);
  }

  @Test
  void pixelsAndLabelsMustFit() {
    assertThatThrownBy(() -> new LabelledImages(2, 2, 3, new byte[23], new byte[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("23 bytes are not 2 images of 2x2x3");
    assertThat(new LabelledImages(2, 2, 3, new byte[24], new byte[] {1, (byte) 200}).label(1))
        .isEqualTo(200);
  }
}

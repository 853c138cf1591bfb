package dev.mixer4j.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PixelsTest {

  private static final byte[] BLACK_THEN_COLOUR = {0, 0, 0, 0x12, 0x34, 0x56};

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_BGR,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_4BYTE_ABGR
      })
  void readsColoursWithoutTheirTransparency(int type) {
    BufferedImage image = new BufferedImage(2, 1, type);
    image.setRGB(1, 0, 0x80123456);
    assertThat(new Pixels(image, 3).all()).isEqualTo(BLACK_THEN_COLOUR);
  }

  @ParameterizedTest
  @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
  void readsGrayLevelsAsTheyAreStored(int type) {
    BufferedImage image = new BufferedImage(2, 1, type);
    int level = type == BufferedImage.TYPE_BYTE_GRAY ? 100 : 100 << 8 | 200;
    image.getRaster().setSample(1, 0, 0, level);
    assertThat(new Pixels(image, 3).all()).isEqualTo(new byte[] {0, 0, 0, 100, 100, 100});
  }

  /** As of a PNG with 16 bits a channel, and of an image with a wide gamut's profile. */
  @Test
  void readsTheUpperBitsAndNoProfile() {
    ColorSpace linear = ColorSpace.getInstance(ColorSpace.CS_LINEAR_RGB);
    ColorModel model =
        new ComponentColorModel(
            linear, true, false, Transparency.TRANSLUCENT, DataBuffer.TYPE_USHORT);
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 2, 1, 4, new Point());
    raster.setPixel(1, 0, new int[] {0x12ff, 0x3400, 0x5680, 0});
    assertThat(new Pixels(new BufferedImage(model, raster, false, null), 3).all())
        .isEqualTo(BLACK_THEN_COLOUR);
  }

  @Test
  void readsPalettesWithoutTheirTransparency() {
    byte[] reds = {0, 0x12};
    byte[] greens = {0, 0x34};
    byte[] blues = {0, 0x56};
    IndexColorModel palette = new IndexColorModel(1, 2, reds, greens, blues, 1);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    assertThat(new Pixels(image, 3).all()).isEqualTo(BLACK_THEN_COLOUR);
  }

  @Test
  void readsAPartOfAnImage() {
    BufferedImage whole = new BufferedImage(5, 4, BufferedImage.TYPE_BYTE_GRAY);
    whole.getRaster().setSample(3, 2, 0, 9);
    assertThat(new Pixels(whole.getSubimage(2, 2, 2, 1), 3).all())
        .isEqualTo(new byte[] {0, 0, 0, 9, 9, 9});
  }

  /** Levels of Pillow's convert("L") for these colors. */
  @Test
  void grayLevelsArePillows() {
    BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_INT_RGB);
    int[] colors = {0xff0000, 0x00ff00, 0x0000ff, 0x123456};
    for (int x = 0; x < colors.length; x++) {
      image.setRGB(x, 0, colors[x]);
    }
    assertThat(new Pixels(image, 1).all()).isEqualTo(new byte[] {76, (byte) 150, 29, 46});
    for (int level = 0; level < 256; level++) {
      assertThat(Pixels.gray(level, level, level)).isEqualTo((byte) level);
    }
  }
}

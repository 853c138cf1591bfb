package dev.mixer4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.ImageClassifier;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ScoredRowsTest {

  private static ImageClassifier classifier;

  @BeforeAll
  static void load() {
    classifier = ImageClassifier.load(Job.WEIGHTS);
  }

  @AfterAll
  static void close() {
    classifier.close();
  }

  @Test
  void noMoreThanABatchIsInMemory() throws IOException {
    byte[] image = png(40, 30);
    AtomicInteger read = new AtomicInteger();
    Iterator<Row> scored =
        scored(IntStream.range(0, 20).peek(i -> read.set(i + 1)).mapToObj(i -> row(i, image)));

    assertThat(scored.next().getInt(0)).isZero();
    assertThat(read).hasValueBetween(8, 9); // a stream's iterator may be one ahead
    for (int i = 1; i < 20; i++) {
      assertThat(scored.next().getInt(0)).isEqualTo(i);
    }
    assertThat(scored.hasNext()).isFalse();
  }

  @Test
  void aBatchOfLargeImagesIsSmaller() throws IOException {
    byte[] image = png(5000, 4000);
    AtomicInteger read = new AtomicInteger();
    Iterator<Row> rows =
        Collections.nCopies(8, row(0, image)).stream()
            .peek(row -> read.incrementAndGet())
            .iterator();

    scored(rows).next();

    assertThat(read).hasValueBetween(2, 3);
  }

  @Test
  void anImageThatCannotBeTransformedFailsAlone() throws IOException {
    // As square it would be billions of pixels long.
    Iterator<Row> scored =
        scored(Stream.of(row(0, png(40, 30)), row(1, png(90_000_000, 1)), row(2, png(30, 40))));

    assertThat((String) scored.next().getAs(1)).isNotNull();
    Row narrow = scored.next();
    assertThat(narrow.get(1)).isNull();
    assertThat(narrow.getString(5)).startsWith("this image cannot be transformed: ");
    assertThat((String) scored.next().getAs(1)).isNotNull();
  }

  @Test
  void aTinyFileThatClaimsToBeHugeIsRefused() throws IOException {
    byte[] image = png(1, 1);
    image[16] = 0x7f; // the width's first byte
    assertThat(scored(Stream.of(row(0, image))).next().getString(5))
        .startsWith("expected at most 100000000 pixels, found 2130706433 x 1");
  }

  private static Iterator<Row> scored(Stream<Row> rows) {
    return scored(rows.iterator());
  }

  private static Iterator<Row> scored(Iterator<Row> rows) {
    return new ScoredRows(rows, classifier, new Scorer("", null, 2, false, null, null));
  }

  private static Row row(int number, byte[] image) {
    return RowFactory.create(number, image);
  }

  private static byte[] png(int width, int height) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY), "png", bytes);
    return bytes.toByteArray();
  }
}

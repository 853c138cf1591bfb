package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldOutTest {

  @TempDir Path dir;

  private Dataset open(double fraction) throws IOException {
    return Datasets.open(dir, new DatasetRequest(32, 0, OptionalDouble.of(fraction), 0));
  }

  @Test
  void theLastTrainingImagesAreHeldOut() throws IOException {
    Fixtures.cifar(dir); // 48 training images
    Dataset whole = Datasets.open(dir, DatasetRequest.of(32));
    Dataset split = open(0.1);
    LabelledImages all = whole.train(ALL);
    assertThat(split.train(ALL).size()).isEqualTo(43);
    assertThat(DataFixtures.pixels(split.train(ALL)))
        .isEqualTo(DataFixtures.pixels(all.slice(0, 43)));
    assertThat(DataFixtures.pixels(split.validation(ALL)))
        .isEqualTo(DataFixtures.pixels(all.slice(43, 48)));
    assertThat(DataFixtures.labels(split.validation(ALL)))
        .isEqualTo(DataFixtures.labels(all.slice(43, 48)));
    assertThat(split.train(7).size()).isEqualTo(7);
    assertThat(split.validation(2).size()).isEqualTo(2);
    assertThat(split.test(ALL).size()).isEqualTo(15);
    assertThat(whole.validation(ALL).size()).isZero();
    assertThat(split.classNames()).isEqualTo(whole.classNames());
    assertThat(split.path()).isEqualTo(whole.path());
  }

  @Test
  void roundsAndLeavesOneOnEitherSide() {
    assertThat(DatasetRequest.trainedOn(50_000, 0.02)).isEqualTo(49_000); // the paper's 98%
    assertThat(DatasetRequest.trainedOn(10, 0.25)).isEqualTo(8);
    assertThat(DatasetRequest.trainedOn(10, 0.99)).isEqualTo(1);
    assertThat(DatasetRequest.trainedOn(10, 0.01)).isEqualTo(9);
  }

  @Test
  void oneImageCannotBeSplit() throws IOException {
    Files.write(dir.resolve("data_batch_1.bin"), Fixtures.cifarRecord(1, new Random(1)));
    assertThatThrownBy(() -> open(0.5).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("at least 2 training images to hold some out, found 1");
  }
}

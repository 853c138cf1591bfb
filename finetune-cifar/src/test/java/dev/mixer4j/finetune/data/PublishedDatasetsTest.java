package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.data.PublishedDatasets.PublishedDataset;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class PublishedDatasetsTest {

  private final PublishedDatasets published = PublishedDatasets.load();

  @Test
  void namesAndHashesAreDistinct() {
    assertThat(published.all()).extracting(PublishedDataset::name).doesNotHaveDuplicates();
    List<DatasetFile> files =
        published.all().stream().flatMap(dataset -> dataset.files().stream()).toList();
    assertThat(files).hasSize(12);
    assertThat(files).extracting(DatasetFile::md5).doesNotHaveDuplicates();
    assertThat(files).extracting(DatasetFile::url).doesNotHaveDuplicates();
  }

  @Test
  void findsInWhateverCase() {
    assertThat(published.find("CIFAR10").orElseThrow().files())
        .containsExactly(
            new DatasetFile(
                URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
                "c32a1d4ab5d03f1284b67883e8d87530"));
    assertThat(published.find("imagenet")).isEmpty();
  }

  @Test
  void aHashThatIsNoneIsRefused() {
    assertThatThrownBy(() -> new DatasetFile(URI.create("x"), "C32A"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("x: expected 32 hexadecimal digits, found 'C32A'");
  }
}

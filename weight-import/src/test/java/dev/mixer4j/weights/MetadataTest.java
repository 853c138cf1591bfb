package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataTest {

  private static final Metadata FIT =
      new Metadata(
          RandomWeights.TINY,
          new ModelInfo(
              List.of("a", "b"),
              Optional.of(ImageTransform.FIT),
              Optional.of(new Origin("npz", "0".repeat(64)))));

  @Test
  void textsComeBackAsTheyWere() {
    assertThat(Metadata.of(FIT.toNotes())).contains(FIT);
    Metadata unknown = new Metadata(RandomWeights.TINY, ModelInfo.NONE);
    assertThat(unknown.toNotes()).containsOnlyKeys("network");
    assertThat(Metadata.of(unknown.toNotes())).contains(unknown);
    assertThat(Metadata.of(Map.of())).isEmpty();
  }

  @Test
  void aTransformThatIsNoneIsRefused() {
    Map<String, String> text = FIT.toNotes();
    text.put("transform", "crop");
    assertThatThrownBy(() -> Metadata.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 'crop'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut\\u0000off", "half\\ud800"})
  void aClassNameThatNotAllFormatsKeepIsRefused(String name) {
    Map<String, String> text = FIT.toNotes();
    text.put("class_names", "[\"a\", \"%s\"]".formatted(name));
    assertThatThrownBy(() -> Metadata.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the name of class 1: expected Unicode text without NUL");
  }
}

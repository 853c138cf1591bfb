package dev.mixer4j.weights.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.weights.RandomWeights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MetadataTest {

  private static final Metadata FIT =
      Metadata.of(
          new RandomWeights(RandomWeights.TINY, List.of("a", "b"), Optional.of(ImageTransform.FIT)),
          new Source("npz", "0".repeat(64)));

  @Test
  void textsComeBackAsTheyWere() {
    assertThat(Metadata.ofText(FIT.toText())).contains(FIT);
    Metadata unknown = FIT.withTransform(Optional.empty());
    assertThat(unknown.toText()).doesNotContainKey("mixer4j.transform");
    assertThat(Metadata.ofText(unknown.toText())).contains(unknown);
    assertThat(Metadata.ofText(Map.of("format", "pt"))).isEmpty();
  }

  @Test
  void aTransformThatIsNoneIsRefused() {
    Map<String, String> text = FIT.toText();
    text.put("mixer4j.transform", "crop");
    assertThatThrownBy(() -> Metadata.ofText(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 'crop'");
  }
}

package dev.mixer4j.weights.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.format.Format;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PublishedCheckpointsTest {

  private static final String HASH = "76587d61" + "0".repeat(56);
  private static final Map<String, Integer> LISTS =
      Map.of("imagenet-1k", 1000, "imagenet-21k", 21843, "imagenet-21k-p", 11221);

  private final PublishedCheckpoints published = PublishedCheckpoints.load();

  @Test
  void namesAreUniqueAndUrlsAreHttps() {
    List<String> names = published.all().stream().map(PublishedCheckpoint::name).toList();
    assertThat(names).hasSize(23).doesNotHaveDuplicates();
    List<URI> urls =
        published.all().stream().flatMap(c -> c.files().stream()).map(PublishedFile::url).toList();
    assertThat(urls).doesNotHaveDuplicates().allMatch(url -> url.getScheme().equals("https"));
    assertThat(urls).hasSize(40);
  }

  @Test
  void classListsHaveAsManyNamesAsTheCheckpointsClasses() {
    for (PublishedCheckpoint checkpoint : published.all()) {
      if (checkpoint.classList() == null) {
        assertThat(checkpoint.name()).endsWith(".fb_dino"); // trained without labels
        continue;
      }
      assertThat(LISTS.get(checkpoint.classList()))
          .as(checkpoint.name())
          .isEqualTo(checkpoint.classes());
    }
    LISTS.forEach((id, size) -> assertThat(ClassList.load(id)).as(id).hasSize(size));
    assertThat(ClassList.load("imagenet-1k"))
        .startsWith("tench, Tinca tinca")
        .endsWith("toilet tissue, toilet paper, bathroom tissue");
    // ImageNet-21k, in its release of 2011, has all of ImageNet-1k's classes but one.
    Set<String> missing = new HashSet<>(ClassList.load("imagenet-1k"));
    missing.removeAll(new HashSet<>(ClassList.load("imagenet-21k")));
    assertThat(missing).containsExactly("teddy, teddy bear");
  }

  @Test
  void preprocessingIsThePublishers() {
    assertThat(published.find("Mixer-B_16.imagenet1k").orElseThrow())
        .returns(Gelu.TANH, PublishedCheckpoint::gelu)
        .returns(List.of(0.5f, 0.5f, 0.5f), PublishedCheckpoint::mean)
        .returns(List.of(0.5f, 0.5f, 0.5f), PublishedCheckpoint::std)
        .returns(ImageTransform.TIMM, PublishedCheckpoint::transform);
    assertThat(published.find("MIXER_B16_224.miil_in21k").orElseThrow())
        .returns(Gelu.ERF, PublishedCheckpoint::gelu)
        .returns(List.of(0f, 0f, 0f), PublishedCheckpoint::mean)
        .returns(List.of(1f, 1f, 1f), PublishedCheckpoint::std)
        .returns(
            ImageTransform.centerCrop(0.875, Interpolation.BILINEAR),
            PublishedCheckpoint::transform);
    assertThat(published.all())
        .filteredOn(checkpoint -> checkpoint.name().startsWith("resmlp"))
        .hasSize(11)
        .allSatisfy(
            checkpoint -> {
              assertThat(checkpoint.mean()).containsExactly(0.485f, 0.456f, 0.406f);
              assertThat(checkpoint.std()).containsExactly(0.229f, 0.224f, 0.225f);
              assertThat(checkpoint.transform()).isEqualTo(ImageTransform.TIMM);
            });
  }

  @Test
  void timmsFileNamesCarryTheirHashes() {
    published.all().stream()
        .flatMap(checkpoint -> checkpoint.files().stream())
        .filter(file -> file.format() == Format.PTH)
        .filter(file -> file.url().getHost().equals("github.com"))
        .forEach(
            file ->
                assertThat(file.fileName()).endsWith("-" + file.sha256().orElseThrow() + ".pth"));
  }

  @Test
  void aHashsFirstDigitsNeedSizeAndFormatToo() {
    assertThat(published.recognise(new Origin("pth", HASH), 239_544_439))
        .map(PublishedCheckpoint::name)
        .contains("mixer_b16_224.goog_in21k_ft_in1k");
    assertThat(published.recognise(new Origin("pth", HASH), 239_544_440)).isEmpty();
    assertThat(published.recognise(new Origin("npz", HASH), 239_544_439)).isEmpty();
    assertThat(published.recognise(new Origin("pth", "f".repeat(64)), 239_544_439)).isEmpty();
  }

  @Test
  void aWholeHashIsEnough() {
    PublishedFile file = file(HASH);
    assertThat(file.hasWholeHash()).isTrue();
    PublishedCheckpoint known = published.all().get(0);
    PublishedCheckpoint hashed =
        new PublishedCheckpoint(
            "x",
            "x",
            "x",
            224,
            1000,
            "imagenet-1k",
            known.mean(),
            known.std(),
            known.transform(),
            known.gelu(),
            "MIT",
            List.of(file));
    assertThat(new PublishedCheckpoints(List.of(hashed)).recognise(new Origin("pth", HASH), 1))
        .contains(hashed);
  }

  @Test
  void refusesAHashThatIsNone() {
    assertThatThrownBy(() -> file("76587D61")).hasMessageContaining("found '76587D61'");
    assertThatThrownBy(() -> file("")).isInstanceOf(IllegalArgumentException.class);
  }

  private static PublishedFile file(String sha256) {
    return new PublishedFile(
        Format.NPZ, URI.create("https://x/y.npz"), OptionalLong.empty(), Optional.of(sha256));
  }
}

package dev.mixer4j.weights.published;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.format.Metadata;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A checkpoint that somebody published, and what its tensors do not say of it.
 *
 * @param name for the command line; timm's own where it is timm's
 * @param title a few words for a person
 * @param source who publishes it, and in whose names and layouts
 * @param imageSize height and width of its images, in pixels
 * @param classes of its head
 * @param classList the id of the classes' names, for {@link ClassList}
 * @param mean of pixels scaled to [0, 1]
 * @param std of pixels scaled to [0, 1]
 * @param transform what becomes of its images
 * @param gelu the form that its framework computes
 * @param licence an SPDX id
 * @param files the same weights in one or more formats, the preferred one first
 */
public record PublishedCheckpoint(
    String name,
    String title,
    String source,
    int imageSize,
    int classes,
    String classList,
    Rgb mean,
    Rgb std,
    ImageTransform transform,
    Gelu gelu,
    String licence,
    List<PublishedFile> files) {

  /**
   * What the publisher says of the weights, in place of what their file does. What the caller
   * decides still comes first.
   *
   * @param found in the file, with the options heeded
   * @param headClasses of the weights' head: the list names the file's own, not those of a head
   *     that the caller replaces
   * @param options what the caller decides; null leaves it to the publisher
   * @return the metadata, with the LayerNorm epsilon and the source that were found
   */
  public Metadata describe(Metadata found, int headClasses, ImportOptions options) {
    List<String> names = options.classes() == null ? ClassList.load(classList) : List.of();
    return new Metadata(
        Objects.requireNonNullElse(options.gelu(), gelu),
        found.layerNormEpsilon(),
        Objects.requireNonNullElse(options.mean(), mean),
        Objects.requireNonNullElse(options.std(), std),
        Optional.of(transform),
        names.size() == headClasses ? names : found.classNames(),
        found.source());
  }

  /**
   * Checks that there is something to download.
   *
   * @param name for the command line
   * @param title for a person
   * @param source who publishes it
   * @param imageSize in pixels
   * @param classes of its head
   * @param classList an id of {@link ClassList}
   * @param mean of pixels scaled to [0, 1]
   * @param std of pixels scaled to [0, 1]
   * @param transform what becomes of its images
   * @param gelu that its framework computes
   * @param licence an SPDX id
   * @param files one at least; they are copied
   * @throws IllegalArgumentException if there is no file
   */
  public PublishedCheckpoint {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(name + ": no file");
    }
  }
}

package dev.mixer4j.weights.published;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.Rgb;
import java.util.List;

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
    Gelu gelu,
    String licence,
    List<PublishedFile> files) {

  /** Checks that there is something to download. */
  public PublishedCheckpoint {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(name + ": no file");
    }
  }
}

package dev.mixer4j.weights.published;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.NetworkJson;
import java.util.List;
import java.util.Objects;

/**
 * A published checkpoint, with facts that its tensors do not show.
 *
 * @param name the name on the command line; timm's name if timm publishes it
 * @param title a short description for users
 * @param source who publishes it, and in whose names and layouts
 * @param imageSize height and width of its images, in pixels
 * @param classes number of classes of its head
 * @param classList the id of the classes' names, for {@link ClassList}; null if the head is not
 *     trained
 * @param mean of pixels scaled to [0, 1]
 * @param std of pixels scaled to [0, 1]
 * @param transform how its images are resized and cropped
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
    List<Float> mean,
    List<Float> std,
    ImageTransform transform,
    Gelu gelu,
    String licence,
    List<PublishedFile> files) {

  /**
   * {@return the metadata, with the publisher's settings and class names}
   *
   * @param found the file's metadata, with the options applied
   * @param options of the caller, which take precedence
   */
  public Metadata describe(Metadata found, ImportOptions options) {
    ObjectNode settings = JsonNodeFactory.instance.objectNode();
    boolean selectable = NetworkJson.write(found.network()).has("gelu"); // not in every family
    if (selectable && !options.settings().containsKey("gelu")) {
      settings.put("gelu", gelu.toString());
    }
    Network network = NetworkJson.with(found.network(), settings);
    ImageInput input =
        network
            .input()
            .withNormalization(
                Objects.requireNonNullElse(options.mean(), mean),
                Objects.requireNonNullElse(options.std(), std));
    ModelInfo info = found.info().withTransform(transform);
    boolean ownHead = classList != null && options.classes() == null;
    List<String> names = ownHead ? ClassList.load(classList) : List.of();
    return new Metadata(
        network.withInput(input),
        names.size() == network.classes() ? info.withClassNames(names) : info);
  }
}

package dev.mixer4j.weights.published;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.format.Format;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * The list of published checkpoints that this library knows, from the resource {@code
 * published.json}.
 *
 * <pre>{@code
 * for (PublishedCheckpoint checkpoint : PublishedCheckpoints.load().all()) {
 *   System.out.println(checkpoint.name() + ": " + checkpoint.title());
 * }
 * }</pre>
 *
 * @param all in the data file's order
 */
public record PublishedCheckpoints(List<PublishedCheckpoint> all) {

  private static final String RESOURCE = "published.json";

  /** {@return the checkpoints that this library knows} */
  public static PublishedCheckpoints load() {
    try (InputStream in = PublishedCheckpoints.class.getResourceAsStream(RESOURCE)) {
      return of(new JsonMapper().readTree(in));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  static PublishedCheckpoints of(JsonNode array) {
    return new PublishedCheckpoints(list(array, PublishedCheckpoints::checkpoint));
  }

  private static PublishedCheckpoint checkpoint(JsonNode node) {
    List<PublishedFile> files = list(node.required("files"), PublishedCheckpoints::file);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(node.required("name") + ": no file");
    }
    return new PublishedCheckpoint(
        node.required("name").textValue(),
        node.required("title").textValue(),
        node.required("source").textValue(),
        node.required("image_size").intValue(),
        node.required("classes").intValue(),
        node.required("class_list").textValue(),
        list(node.required("mean"), JsonNode::floatValue),
        list(node.required("std"), JsonNode::floatValue),
        ImageTransform.parse(node.required("transform").textValue()),
        Gelu.of(node.required("gelu").textValue()),
        node.required("licence").textValue(),
        files);
  }

  private static PublishedFile file(JsonNode node) {
    JsonNode size = node.required("size");
    return new PublishedFile(
        Format.valueOf(node.required("format").textValue().toUpperCase(Locale.ROOT)),
        URI.create(node.required("url").textValue()),
        size.isNull() ? OptionalLong.empty() : OptionalLong.of(size.longValue()),
        Optional.ofNullable(node.required("sha256").textValue()));
  }

  private static <T> List<T> list(JsonNode array, Function<JsonNode, T> element) {
    return StreamSupport.stream(array.spliterator(), false).map(element).toList();
  }

  /**
   * {@return the checkpoint of a name; empty if there is none}
   *
   * @param name as {@link PublishedCheckpoint#name()}, in any case
   */
  public Optional<PublishedCheckpoint> find(String name) {
    return all.stream().filter(checkpoint -> checkpoint.name().equalsIgnoreCase(name)).findFirst();
  }

  /**
   * {@return the checkpoint that a file is, by its hash; empty if unknown} If only the first digits
   * of the hash are published, size (if known) and format must fit too: eight digits may agree by
   * chance.
   *
   * @param file its format and hash
   * @param size in bytes
   */
  public Optional<PublishedCheckpoint> recognise(Origin file, long size) {
    return all.stream()
        .filter(checkpoint -> checkpoint.files().stream().anyMatch(known -> is(known, file, size)))
        .findFirst();
  }

  private static boolean is(PublishedFile known, Origin file, long size) {
    return known.sha256().isPresent()
        && known.allows(size, file.sha256())
        && (known.hasWholeHash() || known.format().toString().equals(file.format()));
  }
}

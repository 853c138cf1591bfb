package dev.mixer4j.weights.published;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The class names of well-known data sets, such as ImageNet.
 *
 * <pre>{@code
 * List<String> names = ClassList.load("imagenet-1k"); // 1000 names
 * }</pre>
 */
public final class ClassList {

  private ClassList() {}

  /**
   * {@return the names in the order of the logits} A few occur twice, as ImageNet's two cranes.
   *
   * @param id {@code imagenet-1k}, {@code imagenet-21k} or {@code imagenet-21k-p}
   * @throws IllegalArgumentException if there is no such list
   */
  public static List<String> load(String id) {
    try (InputStream in = ClassList.class.getResourceAsStream(id + ".txt")) {
      if (in == null) {
        throw new IllegalArgumentException("no class list '" + id + "'");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(id, e);
    }
  }
}

package dev.mixer4j.spark;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.image.ImageTransform;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The classifier of an executor, shared by all its tasks. It is loaded for the first task and never
 * closed: another task may still use it, and the end of the process frees its memory.
 */
final class SharedClassifier {

  /** Spark's copy of a file never changes and lies in a folder of its application's own. */
  private record Key(Path weights, String transform) {}

  private static final Map<Key, ImageClassifier> LOADED = new ConcurrentHashMap<>();

  static {
    // JavaCPP would count the whole process against the Java heap's size, which fits no big model.
    System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
  }

  private SharedClassifier() {}

  /**
   * Returns the process's classifier for these weights; other threads wait while one loads it.
   *
   * @param onLoad called after loading
   */
  static ImageClassifier of(Path weights, String transform, Runnable onLoad) {
    return LOADED.computeIfAbsent(
        new Key(weights, transform),
        key -> {
          ImageClassifier loaded =
              transform == null
                  ? ImageClassifier.load(weights)
                  : ImageClassifier.load(weights, ImageTransform.parse(transform));
          onLoad.run();
          return loaded;
        });
  }
}

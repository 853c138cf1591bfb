package dev.mixer4j.spark;

import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.ImageClassifier;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The one model of an executor, which all its tasks share however many run at once. It is loaded
 * when the first task asks and lives as long as the process, whose end frees its native memory:
 * closing it earlier could only take it from a task that still runs.
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
   * The model of these weights in this process; other threads wait while one loads it.
   *
   * @param onLoad told of a load
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

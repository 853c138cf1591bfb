package dev.mixer4j.weights;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open file of named tensors, of any format: it knows nothing of Mixers. Opening reads the
 * directory only; each tensor is read when asked for.
 */
public interface TensorFile extends Closeable {

  /** The file, for messages. */
  Path path();

  /** The kind of file, as found from its content. */
  Format format();

  /** All tensors by name, in the file's order. */
  Map<String, TensorInfo> tensors();

  /** All files that belong to it, the same every time, for a hash. */
  default List<Path> files() {
    return List.of(path());
  }

  /** What the file holds beside the tensors of a network, by name, such as a step counter. */
  default List<String> ignored() {
    return List.of();
  }

  /** What the file says of the network beside its tensors; empty for formats that say nothing. */
  default Optional<Metadata> metadata() {
    return Optional.empty();
  }

  /**
   * Reads one tensor as float32, in row-major order.
   *
   * @param name a key of {@link #tensors()} whose dtype is a floating-point one
   * @param destination takes {@link TensorInfo#elements()} numbers from its position on
   * @throws MalformedFileException if the file does not hold what it announced
   */
  void read(String name, FloatBuffer destination) throws IOException;
}

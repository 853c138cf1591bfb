package dev.mixer4j.weights.format;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open file of named tensors, of any format. Opening reads the directory only; each tensor is
 * read when it is asked for.
 */
public interface TensorFile extends Closeable {

  /** {@return the file, for messages} */
  Path path();

  /** {@return the kind of file, as found from its content} */
  Format format();

  /** {@return all tensors by name, in the file's order} */
  Map<String, TensorInfo> tensors();

  /** {@return all files that belong to it, the same every time, for a hash} */
  default List<Path> files() {
    return List.of(path());
  }

  /**
   * {@return what Mixer4J noted in the file beside the tensors, by name: {@code network}, {@code
   * transform}, …; empty for files of others}
   */
  default Map<String, String> notes() {
    return Map.of();
  }

  /** {@return settings of the network that the file tells, by name, such as {@code gelu}} */
  default Map<String, String> settings() {
    return Map.of();
  }

  /** {@return free texts that the file carries, such as safetensors' {@code __metadata__}} */
  default Map<String, String> texts() {
    return Map.of();
  }

  /**
   * {@return which entry of the file {@link #tensors} are, where it holds several; empty for all of
   * it}
   */
  default String part() {
    return "";
  }

  /**
   * {@return what the file holds beside {@link #tensors}, by name, such as an optimizer's state}
   */
  default List<String> ignored() {
    return List.of();
  }

  /**
   * Reads one tensor as float32, in row-major order.
   *
   * @param name a key of {@link #tensors()} whose dtype is a floating-point one
   * @param destination takes {@link TensorInfo#elements()} numbers from its position on
   * @throws MalformedFileException if the file does not hold what it announced
   * @throws IOException if it cannot be read; an EOFException if it ends too early
   */
  void read(String name, FloatBuffer destination) throws IOException;
}

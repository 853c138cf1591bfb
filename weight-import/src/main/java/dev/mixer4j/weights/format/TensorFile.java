package dev.mixer4j.weights.format;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open file of named tensors, of any format. Opening reads the directory only; {@link #read}
 * reads one tensor.
 */
public interface TensorFile extends Closeable {

  /** {@return the file, for messages} */
  Path path();

  /** {@return the file's format, found from its content} */
  Format format();

  /** {@return all tensors by name, in the file's order} */
  Map<String, TensorInfo> tensors();

  /** {@return all files that belong to it, in a fixed order, for a hash} */
  default List<Path> files() {
    return List.of(path());
  }

  /**
   * {@return the texts that Mixer4J wrote to the file, by name: {@code network}, {@code transform},
   * …; empty if another program wrote it}
   */
  default Map<String, String> notes() {
    return Map.of();
  }

  /** {@return settings of the network in the file, by name, such as {@code gelu}} */
  default Map<String, String> settings() {
    return Map.of();
  }

  /** {@return free texts in the file, such as safetensors' {@code __metadata__}} */
  default Map<String, String> texts() {
    return Map.of();
  }

  /**
   * {@return the entry of the file that {@link #tensors} are, if it holds several; empty for the
   * whole file}
   */
  default String part() {
    return "";
  }

  /** {@return other entries of the file, by name, such as an optimizer's state} */
  default List<String> ignored() {
    return List.of();
  }

  /**
   * Reads one tensor as float32, in row-major order.
   *
   * @param name a key of {@link #tensors()} whose dtype is a floating-point one
   * @param destination receives {@link TensorInfo#elements()} numbers from its position on
   * @throws MalformedFileException if the data do not match the directory
   * @throws IOException if it cannot be read; an EOFException if it ends too early
   */
  void read(String name, FloatBuffer destination) throws IOException;
}

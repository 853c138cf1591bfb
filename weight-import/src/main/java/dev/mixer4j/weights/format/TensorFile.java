package dev.mixer4j.weights.format;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open file of named tensors, of any format. Opening reads the directory only; each tensor is
 * read on request.
 *
 * <pre>{@code
 * try (TensorFile file = TensorFiles.open(Path.of("model.safetensors"))) {
 *   TensorInfo info = file.tensors().get("stem.proj.bias");
 *   FloatBuffer values = FloatBuffer.allocate(info.elements());
 *   file.read(info.name(), values);
 * }
 * }</pre>
 */
public abstract class TensorFile implements Closeable {

  /** The most tensors of one file; Mixer-H/14 with Adam's moments has some 1,600. */
  public static final int MAX_TENSORS = 20_000;

  /** The file, for messages. */
  protected final Path path;

  /** The tensors by name, which the reader of a format adds when it opens the file. */
  protected final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  /** The names of everything else in the file. */
  protected final List<String> ignored = new ArrayList<>();

  private final Format format;

  /**
   * Starts without tensors.
   *
   * @param path the file, for messages
   * @param format of the file, as found from its content
   */
  protected TensorFile(Path path, Format format) {
    this.path = path;
    this.format = format;
  }

  /** {@return the file, for messages} */
  public final Path path() {
    return path;
  }

  /** {@return the format, as found from the file's content} */
  public final Format format() {
    return format;
  }

  /** {@return all tensors by name, in the file's order} */
  public final Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** {@return the names of everything else in the file, such as an optimizer's state} */
  public final List<String> ignored() {
    return Collections.unmodifiableList(ignored);
  }

  /** {@return all files that belong to it, the same every time, for a hash} */
  public List<Path> files() {
    return List.of(path);
  }

  /** {@return the framework whose names the tensors should have; empty if it can be any} */
  public String framework() {
    return format().framework();
  }

  /** {@return what Mixer4J noted beside the tensors, by name; empty for files of others} */
  public Map<String, String> notes() {
    return Map.of();
  }

  /** {@return settings of the network that the file names, such as {@code gelu}} */
  public Map<String, String> settings() {
    return Map.of();
  }

  /** {@return free texts that the file carries, such as safetensors' {@code __metadata__}} */
  public Map<String, String> texts() {
    return Map.of();
  }

  /** {@return the entry of the file that {@link #tensors} are, of several; empty for all of it} */
  public String part() {
    return "";
  }

  /**
   * Reads one tensor as float32, in row-major order.
   *
   * @param name a key of {@link #tensors()} whose dtype is a floating-point one
   * @param destination takes {@link TensorInfo#elements()} numbers from its position on
   * @throws MalformedFileException if the file does not hold what it announced
   * @throws IOException if it cannot be read; an EOFException if it ends too early
   */
  public abstract void read(String name, FloatBuffer destination) throws IOException;
}

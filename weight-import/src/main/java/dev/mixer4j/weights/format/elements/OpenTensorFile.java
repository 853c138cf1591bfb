package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.Notes;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The directory of a tensor file, which a reader of one format fills when it opens the file. */
public abstract class OpenTensorFile implements TensorFile {

  protected final Path path;
  protected final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  protected final Map<String, String> texts = new LinkedHashMap<>();
  protected final List<String> ignored = new ArrayList<>();
  protected String part = "";

  private final Format format;
  private final String kind;

  /**
   * @param kind the kind of file, for messages, such as {@code PyTorch file}
   */
  protected OpenTensorFile(Path path, Format format, String kind) {
    this.path = path;
    this.format = format;
    this.kind = kind;
  }

  protected final MalformedFileException malformed(String problem) {
    return new MalformedFileException("%s: not a sound %s: %s".formatted(path, kind, problem));
  }

  @Override
  public final Path path() {
    return path;
  }

  @Override
  public final Format format() {
    return format;
  }

  @Override
  public final Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Map<String, String> notes() {
    return Notes.in(texts);
  }

  @Override
  public final Map<String, String> texts() {
    return Collections.unmodifiableMap(texts);
  }

  @Override
  public final String part() {
    return part;
  }

  @Override
  public final List<String> ignored() {
    return Collections.unmodifiableList(ignored);
  }
}

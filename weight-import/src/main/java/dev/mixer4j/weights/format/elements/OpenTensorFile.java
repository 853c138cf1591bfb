package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.Notes;
import dev.mixer4j.weights.format.TensorFile;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A tensor file with texts, and errors that name its kind. */
public abstract class OpenTensorFile extends TensorFile {

  protected final Map<String, String> texts = new LinkedHashMap<>();
  protected String part = "";

  private final String kind;

  /**
   * @param kind the kind of file, for messages, such as {@code PyTorch file}
   */
  protected OpenTensorFile(Path path, Format format, String kind) {
    super(path, format);
    this.kind = kind;
  }

  protected final MalformedFileException malformed(String problem) {
    return new MalformedFileException("%s: a corrupt %s: %s".formatted(path, kind, problem));
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
}

package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A tensor file with texts, and errors that name its kind. */
public abstract class OpenTensorFile extends TensorFile {

  public static final String NOTE_PREFIX = "mixer4j."; // of the names of Mixer4J's own texts

  protected final Map<String, String> texts = new LinkedHashMap<>();
  protected String part = "";

  private final String kind; // for messages, such as "PyTorch file"

  protected OpenTensorFile(Path path, Format format, String kind) {
    super(path, format);
    this.kind = kind;
  }

  protected final MalformedFileException malformed(String problem) {
    return new MalformedFileException("%s: a corrupt %s: %s".formatted(path, kind, problem));
  }

  /** To be called before so many tensors take memory. */
  protected final void checkCount(int count) {
    if (count > MAX_TENSORS) {
      throw malformed("expected at most %d tensors, found %d".formatted(MAX_TENSORS, count));
    }
  }

  @Override
  public Map<String, String> notes() {
    return notes(texts);
  }

  /** Mixer4J's own texts among those of a file, without the prefix. */
  public static Map<String, String> notes(Map<String, String> texts) {
    Map<String, String> notes = new LinkedHashMap<>();
    texts.forEach(
        (name, text) -> {
          if (name.startsWith(NOTE_PREFIX)) {
            notes.put(name.substring(NOTE_PREFIX.length()), text);
          }
        });
    return notes;
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

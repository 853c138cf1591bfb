package dev.mixer4j.weights.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/** Reads the notes of Mixer4J in a SavedModel. */
public final class SavedModelNotes {

  /** The file that makes a folder a SavedModel. */
  public static final String DEFINITION = "saved_model.pb";

  /** Under this name the graph holds Mixer4J's notes, each as {@code name=text}. */
  public static final String METADATA_COLLECTION = "mixer4j";

  /** A Mixer's graph without weights has some hundred kilobytes. */
  private static final long MAX_SIZE = 256 << 20;

  private SavedModelNotes() {}

  /** Reads the notes; empty for a SavedModel of somebody else's. */
  public static Map<String, String> read(Path definition) throws IOException {
    if (Files.size(definition) > MAX_SIZE) {
      throw new UnsupportedFileException(
          "%s: expected at most %d bytes, found %d"
              .formatted(definition, MAX_SIZE, Files.size(definition)));
    }
    try {
      SavedModel model = SavedModel.parseFrom(Files.readAllBytes(definition));
      Map<String, String> text = new LinkedHashMap<>();
      for (MetaGraphDef graph : model.getMetaGraphsList()) {
        var notes = graph.getCollectionDefMap().get(METADATA_COLLECTION);
        if (notes != null) {
          for (ByteString note : notes.getBytesList().getValueList()) {
            String[] parts = note.toStringUtf8().split("=", 2);
            text.put(parts[0], parts[parts.length - 1]);
          }
        }
      }
      return OpenTensorFile.notes(text);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFileException(definition + ": a corrupt SavedModel: " + e.getMessage(), e);
    }
  }
}

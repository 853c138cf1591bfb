package dev.mixer4j.weights.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/** Reads the notes of Mixer4J in a SavedModel; somebody else's has none. */
public final class SavedModelNotes {

  public static final String DEFINITION = "saved_model.pb"; // makes a folder a SavedModel
  public static final String METADATA_COLLECTION = "mixer4j"; // of notes, each as name=text
  private static final int MAX_NOTES = 16 << 20; // class names, most of all

  private SavedModelNotes() {}

  /** Reads the notes and skips the graph, which may be large. */
  public static Map<String, String> read(Path definition) throws IOException {
    try (InputStream file =
        new BufferedInputStream(Files.newInputStream(RegularFile.check(definition)), 1 << 16)) {
      CodedInputStream in = CodedInputStream.newInstance(file);
      in.setSizeLimit(Integer.MAX_VALUE);
      Map<String, String> text = new LinkedHashMap<>();
      each(
          in,
          SavedModel.META_GRAPHS_FIELD_NUMBER,
          () -> each(in, MetaGraphDef.COLLECTION_DEF_FIELD_NUMBER, () -> readCollection(in, text)));
      return OpenTensorFile.notes(text);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFileException(definition + ": a corrupt SavedModel: " + e.getMessage(), e);
    }
  }

  private interface Reading {
    void run() throws IOException;
  }

  /** Reads each message that is a field of the current one, and skips all other fields. */
  private static void each(CodedInputStream in, int field, Reading message) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == messageTag(field)) {
        int outer = in.pushLimit(in.readRawVarint32());
        message.run();
        in.checkLastTagWas(0);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  private static int messageTag(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /** An entry of the map of collections: its key is field 1, its value field 2. */
  private static void readCollection(CodedInputStream in, Map<String, String> text)
      throws IOException {
    boolean small = in.getBytesUntilLimit() <= MAX_NOTES;
    String name = "";
    ByteString value = ByteString.EMPTY;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (small && tag == messageTag(1)) {
        name = in.readBytes().toStringUtf8();
      } else if (small && tag == messageTag(2)) {
        value = in.readBytes();
      } else {
        in.skipField(tag);
      }
    }
    if (name.equals(METADATA_COLLECTION)) {
      for (ByteString note : CollectionDef.parseFrom(value).getBytesList().getValueList()) {
        String[] parts = note.toStringUtf8().split("=", 2);
        text.put(parts[0], parts[parts.length - 1]);
      }
    }
  }
}

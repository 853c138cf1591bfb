package dev.mixer4j.weights.format.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads safetensors that are spread over several files: a {@code .safetensors.index.json} whose
 * {@code weight_map} names each tensor's file beside it, as huggingface_hub's {@code
 * split_state_dict_into_shards_factory} and Transformers write it. Its {@code total_size} is not
 * checked: tools count it in different ways, and every shard's own sizes are.
 */
public final class SafetensorsIndex extends OpenTensorFile {

  private static final int MAX_INDEX = BoundedJson.MAX_BYTES;
  private static final int MAX_SHARDS = 1000;

  private final Map<String, SafetensorsReader> shards = new LinkedHashMap<>();
  private final Map<String, SafetensorsReader> homes = new LinkedHashMap<>();

  public SafetensorsIndex(Path path) throws IOException {
    super(path, Format.SAFETENSORS, "safetensors index");
    JsonNode index = read();
    try {
      checkCount(index.get("weight_map").size());
      for (Map.Entry<String, JsonNode> field : index.get("weight_map").properties()) {
        place(field.getKey(), field.getValue());
      }
      checkNothingExtra();
      for (Map.Entry<String, JsonNode> text : index.path("metadata").properties()) {
        if (text.getValue().isTextual()) {
          texts.put(text.getKey(), text.getValue().asText());
        }
      }
      // The index's own first; of texts with one name, the first.
      shards.values().forEach(shard -> shard.texts().forEach(texts::putIfAbsent));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private JsonNode read() throws IOException {
    if (Files.size(path) > MAX_INDEX) {
      throw malformed("expected at most %d bytes, found %d".formatted(MAX_INDEX, Files.size(path)));
    }
    JsonNode root =
        SafetensorsReader.json(
            ByteBuffer.wrap(Files.readAllBytes(path)), problem -> malformed("it is " + problem));
    JsonNode map = root.path("weight_map");
    if (!map.isObject()) {
      throw new UnsupportedFileException(
          path
              + (root.has("class_name")
                  ? ": a Keras network without weights; save the model as .keras, or its weights"
                  : ": JSON that is read is the index of sharded safetensors; expected a weight_map"));
    }
    if (!map.isEmpty() && map.elements().next().asText().endsWith(".bin")) {
      throw new UnsupportedFileException(
          path
              + ": the index of pickled shards, which is not read; save the model with"
              + " save_pretrained(FOLDER, safe_serialization=True)");
    }
    return root;
  }

  private void place(String tensor, JsonNode file) throws IOException {
    if (!file.isTextual()) {
      throw malformed("tensor '" + tensor + "': expected the name of a file, found " + file);
    }
    SafetensorsReader shard = shard(tensor, file.asText());
    TensorInfo info = shard.tensors().get(tensor);
    if (info == null) {
      throw malformed(
          "tensor '%s': expected it in '%s', which does not hold it"
              .formatted(tensor, file.asText()));
    }
    homes.put(tensor, shard);
    tensors.put(tensor, info);
  }

  private SafetensorsReader shard(String tensor, String name) throws IOException {
    SafetensorsReader open = shards.get(name);
    if (open != null) {
      return open;
    }
    // Names of files in the index's own folder and nothing else, by the rules of every system.
    if (!name.matches("[^/\\\\:\\p{Cntrl}]+") || !name.endsWith(".safetensors")) {
      throw malformed(
          "tensor '%s': expected a .safetensors file beside the index, found '%s'"
              .formatted(tensor, name));
    }
    if (shards.size() == MAX_SHARDS) {
      throw malformed("more than " + MAX_SHARDS + " files");
    }
    Path file;
    try {
      file = path.resolveSibling(name);
    } catch (InvalidPathException e) { // half of a surrogate pair, say
      throw malformed("tensor '%s': no file can be named '%s' here".formatted(tensor, name));
    }
    if (!Files.isRegularFile(file)) {
      throw malformed(
          "tensor '%s': no file %s; all files of the checkpoint must lie beside the index"
              .formatted(tensor, file));
    }
    SafetensorsReader opened = new SafetensorsReader(file);
    shards.put(name, opened);
    checkCount(shards.values().stream().mapToInt(each -> each.tensors().size()).sum());
    return opened;
  }

  private void checkNothingExtra() {
    shards.forEach(
        (file, shard) -> {
          for (String tensor : shard.tensors().keySet()) {
            if (homes.get(tensor) != shard) {
              throw malformed(
                  "'%s' holds '%s', which the index %s"
                      .formatted(
                          file,
                          tensor,
                          homes.containsKey(tensor) ? "has in another file" : "does not have"));
            }
          }
        });
  }

  @Override
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(path));
    shards.keySet().forEach(name -> files.add(path.resolveSibling(name)));
    return files;
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    homes.get(name).read(name, destination);
  }

  @Override
  public void close() throws IOException {
    for (SafetensorsReader shard : shards.values()) {
      shard.close();
    }
  }
}

package dev.mixer4j.weights.format.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.Notes;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads safetensors that are spread over several files: a {@code .safetensors.index.json} whose
 * {@code weight_map} names each tensor's file beside it, as huggingface_hub's {@code
 * split_state_dict_into_shards_factory} and Transformers write it. Its {@code total_size} is not
 * checked: tools count it in different ways, and every shard's own sizes are.
 */
public final class SafetensorsIndex extends TensorFile {

  private static final int MAX_INDEX = 64 << 20;
  private static final int MAX_SHARDS = 1000;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private final Map<String, SafetensorsReader> shards = new LinkedHashMap<>();
  private final Map<String, SafetensorsReader> homes = new LinkedHashMap<>();
  private final Map<String, String> texts = new LinkedHashMap<>();

  public SafetensorsIndex(Path path) throws IOException {
    super(path, Format.SAFETENSORS);
    JsonNode index = read();
    try {
      for (Map.Entry<String, JsonNode> field : index.get("weight_map").properties()) {
        place(field.getKey(), field.getValue());
      }
      checkNothingExtra();
      for (Map.Entry<String, JsonNode> text : index.path("metadata").properties()) {
        if (text.getValue().isTextual()) {
          texts.put(text.getKey(), text.getValue().asText());
        }
      }
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
    JsonNode root;
    try {
      root = JSON.readTree(Files.readString(path)); // from bytes Jackson would take UTF-32 too
    } catch (CharacterCodingException e) {
      throw malformed("it is not UTF-8");
    } catch (JsonProcessingException e) {
      throw malformed("it is not valid JSON: " + e.getOriginalMessage());
    }
    if (!root.path("weight_map").isObject()) {
      throw new UnsupportedFileException(
          path + ": JSON that is read is the index of sharded safetensors; expected a weight_map");
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
    Path file = path.resolveSibling(name);
    if (!Files.isRegularFile(file)) {
      throw malformed(
          "tensor '%s': no file %s; all files of the checkpoint must lie beside the index"
              .formatted(tensor, file));
    }
    SafetensorsReader opened = new SafetensorsReader(file);
    shards.put(name, opened);
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

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(path + ": a corrupt safetensors index: " + problem);
  }

  @Override
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(path));
    shards.keySet().forEach(name -> files.add(path.resolveSibling(name)));
    return files;
  }

  /** The index's and the shards' own; of texts with one name, the first. */
  @Override
  public Map<String, String> texts() {
    return Collections.unmodifiableMap(texts);
  }

  @Override
  public Map<String, String> notes() {
    return Notes.in(texts);
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

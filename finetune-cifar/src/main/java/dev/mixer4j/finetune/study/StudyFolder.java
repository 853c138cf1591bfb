package dev.mixer4j.finetune.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.report.AtomicFile;
import dev.mixer4j.finetune.report.FolderLock;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder of a study: {@code study.json} with its file, its data and the threads of a training,
 * and {@code runs}, where each training has a folder and a log.
 *
 * @param path the folder
 * @param study what is in it
 * @param data absolute path of the images
 * @param threads of each training, however many are at work; they decide about the last bits
 */
public record StudyFolder(Path path, Study study, Path data, int threads) {

  private static final String FILE = "study.json";

  /**
   * Makes the folder, or opens it if the same study is in it.
   *
   * @throws MixerException if another study or something else is in it
   */
  public static StudyFolder create(Path path, Study study, Path data, int threads)
      throws IOException {
    if (Files.exists(path.resolve(FILE))) {
      StudyFolder found = open(path);
      if (!found.study.toJson().equals(study.toJson())
          || !found.data.equals(data.toAbsolutePath())) {
        throw new MixerException(
            path + ": expected this study, found another one, or other data; name another folder");
      }
      return found;
    }
    if (Files.exists(path)) {
      try (var entries = Files.newDirectoryStream(path)) {
        if (entries.iterator().hasNext()) {
          throw new MixerException(path + ": expected a new or empty folder, found one with files");
        }
      }
    }
    Files.createDirectories(path.resolve("runs"));
    StudyFolder folder = new StudyFolder(path, study, data.toAbsolutePath(), threads);
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("data", folder.data.toString()).put("threads", threads);
    json.set("study", study.toJson());
    AtomicFile.write(
        path.resolve(FILE),
        out -> out.write((json.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8)));
    return folder;
  }

  /**
   * Opens the folder of a study.
   *
   * @throws MixerException if there is none
   */
  public static StudyFolder open(Path path) throws IOException {
    Path file = path.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new MixerException(path + ": expected the folder of a study, found no " + FILE);
    }
    try {
      JsonNode json = new JsonMapper().readTree(RegularFile.read(file, BoundedJson.MAX_BYTES));
      int threads = json.path("threads").asInt();
      if (threads < 1 || !json.path("data").isTextual()) {
        throw new MixerException(file + ": expected data and threads, found them missing");
      }
      return new StudyFolder(
          path, Study.of(json.path("study")), Path.of(json.get("data").asText()), threads);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new MixerException(file + ": " + e.getMessage(), e);
    }
  }

  /** {@return the folder of a training} */
  public Path folder(StudyRun run) {
    return path.resolve("runs").resolve(run.name());
  }

  /** {@return where a training's own output goes} */
  Path log(StudyRun run) {
    return path.resolve("runs").resolve(run.name() + ".log");
  }

  /**
   * Keeps other processes out until it is closed.
   *
   * @throws MixerException if another one is at work
   */
  public FileChannel lock() throws IOException {
    return FolderLock.lock(path, "another process is at work on this study");
  }
}

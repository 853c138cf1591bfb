package dev.mixer4j.weights.write;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.format.tensorflow.SavedModelNotes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tensorflow.ndarray.Shape;

/**
 * A writer of checkpoints in every {@link TargetFormat}.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoint.open(Path.of("mixer.npz"))) {
 *   Path target = Path.of("mixer.safetensors");
 *   CheckpointWriter.write(
 *       target, TargetFormat.SAFETENSORS, checkpoint, checkpoint.info(), false, bytes -> {});
 * }
 * }</pre>
 *
 * <p>A checkpoint is written completely or not at all: into a folder beside the target first, then
 * renamed.
 */
public final class CheckpointWriter {

  private static final long BYTES_PER_MB = 1_000_000;
  private static final AtomicLong WRITES = new AtomicLong();

  private CheckpointWriter() {}

  /**
   * Writes a checkpoint.
   *
   * @param target a file, the prefix of a TensorFlow checkpoint, or a SavedModel's folder
   * @param format that is written
   * @param weights read once; the caller closes them
   * @param info class names, transform and origin of the weights, as far as they are known
   * @param overwrite whether an existing target may be replaced
   * @param progress receives the number of bytes of each tensor once it is written
   * @throws FileAlreadyExistsException if the target exists and may not be replaced
   * @throws NoSuchFileException if the target's folder does not exist
   * @throws IOException if it cannot be written, as on a full disk
   */
  public static void write(
      Path target,
      TargetFormat format,
      Weights weights,
      ModelInfo info,
      boolean overwrite,
      LongConsumer progress)
      throws IOException {
    write(
        target, format, weights, () -> new Metadata(weights.network(), info), overwrite, progress);
  }

  /**
   * Writes a SavedModel with a default input other than {@link SavedModelInput#NORMALIZED}.
   *
   * @param folder to write
   * @param weights read once; the caller closes them
   * @param metadata of the weights; without a transform, the network's default is used
   * @param servingDefault what the signature {@code serving_default} takes
   * @param overwrite whether an existing SavedModel may be replaced
   * @param progress receives the number of bytes of each tensor once it is written
   * @throws IOException as for {@link #write(Path, TargetFormat, Weights, ModelInfo, boolean,
   *     LongConsumer)}
   */
  public static void writeSavedModel(
      Path folder,
      Weights weights,
      Metadata metadata,
      SavedModelInput servingDefault,
      boolean overwrite,
      LongConsumer progress)
      throws IOException {
    checkTarget(folder, TargetFormat.SAVED_MODEL, overwrite);
    write(
        folder, new SavedModelWriter(servingDefault), weights, () -> metadata, overwrite, progress);
  }

  /**
   * Writes a checkpoint whose metadata is only known once the weights are read.
   *
   * @param target a file, prefix or folder
   * @param format that is written
   * @param weights read once; the caller closes them
   * @param metadata called before or after the weights are read, depending on the format, or not at
   *     all
   * @param overwrite whether an existing target may be replaced
   * @param progress receives the number of bytes of each tensor once it is written
   * @throws IOException as for {@link #write(Path, TargetFormat, Weights, ModelInfo, boolean,
   *     LongConsumer)}
   */
  public static void write(
      Path target,
      TargetFormat format,
      Weights weights,
      Supplier<Metadata> metadata,
      boolean overwrite,
      LongConsumer progress)
      throws IOException {
    checkTarget(target, format, overwrite);
    write(target, format.writer(), weights, metadata, overwrite, progress);
  }

  private static void write(
      Path target,
      WeightsWriter writer,
      Weights weights,
      Supplier<Metadata> metadata,
      boolean overwrite,
      LongConsumer progress)
      throws IOException {
    Path place = place(target);
    removeLeftovers(place);
    checkSpace(place, weights);
    Path beside =
        place.resolveSibling(
            ".%s.%d-%d.part"
                .formatted(
                    place.getFileName(), ProcessHandle.current().pid(), WRITES.incrementAndGet()));
    Thread onCtrlC = new Thread(() -> deleteQuietly(beside)); // which runs no finally
    Runtime.getRuntime().addShutdownHook(onCtrlC);
    try {
      createFolder(beside);
      Path written = beside.resolve(place.getFileName());
      try {
        writer.write(written, weights, metadata, progress);
      } catch (IOException e) {
        throw new IOException(
            "%s: cannot be written: %s; it needs about %,d MB"
                .formatted(target, reason(e), megabytes(weights)),
            e);
      }
      List<Path> from = writer.files(written);
      List<Path> to = writer.files(place);
      if (overwrite) {
        replace(from, to, beside);
      } else {
        for (int i = 0; i < to.size(); i++) {
          moveToNewPlace(from.get(i), to.get(i));
        }
      }
    } finally {
      deleteQuietly(beside);
      removeHook(onCtrlC);
    }
  }

  private static void replace(List<Path> from, List<Path> to, Path beside) throws IOException {
    // Backwards first, so that no reader finds a new part with an old one.
    for (int i = to.size() - 1; i >= 0; i--) {
      if (Files.isDirectory(to.get(i)) || to.size() > 1 && Files.exists(to.get(i))) {
        Files.move(to.get(i), beside.resolve("old-" + i));
      }
    }
    for (int i = 0; i < to.size(); i++) {
      Files.move(
          from.get(i),
          to.get(i),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Of several processes that write one target, only the first one's move succeeds. */
  private static void moveToNewPlace(Path from, Path to) throws IOException {
    if (Files.isDirectory(from)) {
      try {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE); // replaces no folder with files
      } catch (FileSystemException e) {
        throw Files.exists(to) ? new FileAlreadyExistsException(to.toString()) : e;
      }
      return;
    }
    try {
      Files.createLink(to, from); // a move would replace what is there
    } catch (FileAlreadyExistsException e) {
      throw new FileAlreadyExistsException(to.toString()); // without the name of our own file
    } catch (FileSystemException | UnsupportedOperationException e) { // no links, as on FAT
      Files.createFile(to);
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Removes what processes that were killed while they wrote this target left behind. */
  private static void removeLeftovers(Path place) {
    Pattern name =
        Pattern.compile("\\.\\Q%s\\E\\.(\\d{1,18})-\\d+\\.part".formatted(place.getFileName()));
    try (DirectoryStream<Path> found = Files.newDirectoryStream(place.getParent(), ".*.part")) {
      for (Path path : found) {
        Matcher matcher = name.matcher(path.getFileName().toString());
        if (matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
          deleteQuietly(path);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Only tidying: what hinders the writing itself is reported by it.
    }
  }

  private static void checkSpace(Path place, Weights weights) throws IOException {
    long free = Files.getFileStore(place.getParent()).getUsableSpace() / BYTES_PER_MB;
    // 0 may mean that the file system does not know; then writing tells.
    if (free > 0 && free < megabytes(weights)) {
      throw new IOException(
          "%s: needs about %,d MB, and %,d MB are free".formatted(place, megabytes(weights), free));
    }
  }

  private static long megabytes(Weights weights) {
    long numbers = weights.network().shapes().values().stream().mapToLong(Shape::size).sum();
    return numbers * Float.BYTES / BYTES_PER_MB + 1;
  }

  /**
   * Checks before any work whether {@link #write} would refuse this target.
   *
   * @param target a file, prefix or folder, as the format has it
   * @param format that is to be written
   * @param overwrite whether an existing target may be replaced
   * @throws FileAlreadyExistsException if the target exists and may not be replaced
   * @throws NoSuchFileException if the target's folder does not exist
   */
  public static void checkTarget(Path target, TargetFormat format, boolean overwrite)
      throws IOException {
    for (Path path : format.writer().files(place(target))) {
      checkTarget(path, format == TargetFormat.SAVED_MODEL, overwrite);
    }
  }

  /**
   * Checks whether one file may be written.
   *
   * @param file that is to be written
   * @param overwrite whether an existing file may be replaced
   * @throws FileAlreadyExistsException if the file exists and may not be replaced, or is a folder
   * @throws NoSuchFileException if its folder does not exist
   */
  public static void checkTarget(Path file, boolean overwrite) throws IOException {
    checkTarget(place(file), false, overwrite);
  }

  private static void checkTarget(Path path, boolean folder, boolean overwrite) throws IOException {
    if (Files.exists(path) && Files.isDirectory(path) != folder) {
      throw new FileAlreadyExistsException(
          path.toString(), null, folder ? "it is a file" : "it is a folder");
    }
    if (!Files.isDirectory(path.getParent())) {
      throw new NoSuchFileException(
          path.getParent().toString(), null, "no such folder to write " + path + " into");
    }
    if (folder && Files.exists(path) && !Files.exists(path.resolve(SavedModelNotes.DEFINITION))) {
      throw new FileAlreadyExistsException(
          path.toString(), null, "it is no SavedModel; a folder with other files is not replaced");
    }
    if (!overwrite && Files.exists(path)) {
      throw new FileAlreadyExistsException(path.toString());
    }
  }

  private static void createFolder(Path beside) throws IOException {
    try {
      Files.createDirectory(beside);
    } catch (IOException e) {
      throw new IOException(
          "%s: cannot be written to: %s".formatted(beside.getParent(), reason(e)), e);
    }
  }

  /** Without the name of a file, which is one that the user does not know. */
  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException system) {
      return system.getReason() == null ? "the file system refuses it" : system.getReason();
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static Path place(Path target) {
    return target.toAbsolutePath().normalize();
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The hook is running: the process ends, and the hook does what is left to do.
    }
  }

  private static void deleteQuietly(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // Nothing to add: the error that led here, if any, is already on its way.
    }
  }
}

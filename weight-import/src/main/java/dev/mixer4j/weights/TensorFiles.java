package dev.mixer4j.weights;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.FileKind;
import dev.mixer4j.weights.format.elements.RegularFile;
import dev.mixer4j.weights.format.elements.ZipArchive;
import dev.mixer4j.weights.format.hdf5.Hdf5File;
import dev.mixer4j.weights.format.hdf5.Hdf5Reader;
import dev.mixer4j.weights.format.keras.KerasArchive;
import dev.mixer4j.weights.format.keras.KerasReader;
import dev.mixer4j.weights.format.numpy.NpzReader;
import dev.mixer4j.weights.format.paddle.PaddleReader;
import dev.mixer4j.weights.format.safetensors.SafetensorsIndex;
import dev.mixer4j.weights.format.safetensors.SafetensorsReader;
import dev.mixer4j.weights.format.tensorflow.LevelDbTable;
import dev.mixer4j.weights.format.tensorflow.SavedModelNotes;
import dev.mixer4j.weights.format.tensorflow.TensorBundleReader;
import dev.mixer4j.weights.format.torch.TorchLegacyStream;
import dev.mixer4j.weights.format.torch.TorchZip;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The entry point for tensor files of every readable format. The content decides on the format, not
 * the name.
 *
 * <pre>{@code
 * try (TensorFile file = TensorFiles.open(Path.of("model.safetensors"))) {
 *   file.tensors().forEach((name, info) -> System.out.println(name + " " + info.shape()));
 * }
 * }</pre>
 *
 * <p>It knows tensors only; {@link Checkpoint} finds the network that they belong to.
 */
public final class TensorFiles {

  private static final Pattern PROGRAM =
      Pattern.compile(
          "([^/]+/)?(archive_format|models/[^/]+\\.json|serialized_exported_program\\.json)");

  /** What a folder of a model hub holds, the preferred file first. */
  private static final List<String> HUB_FILES =
      List.of("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin");

  private TensorFiles() {}

  /**
   * {@return a newly opened file, whatever its name, which the caller closes}
   *
   * @param path a file, or the prefix or folder of several
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws UnsupportedFileException if its format cannot be read
   * @throws MalformedFileException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static TensorFile open(Path path) throws IOException {
    return open(path, null);
  }

  /**
   * Opens a file of which one entry is wanted, where it has entries.
   *
   * @param part the entry's name, or null; a file without it is opened whole
   */
  static TensorFile open(Path path, String part) throws IOException {
    Path index = path.resolveSibling(path.getFileName() + TensorBundleReader.INDEX);
    if (!Files.exists(path) && Files.exists(index)) {
      return new TensorBundleReader(path, Format.TF_CHECKPOINT, path, Map.of());
    }
    if (Files.isDirectory(path)) {
      return openFolder(path, part);
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(RegularFile.check(path))) {
      start = in.readNBytes(FileKind.BYTES);
    }
    if (FileKind.isZip(start)) {
      return openZip(path, part);
    }
    if (FileKind.isHdf5(start)) {
      return Hdf5File.open(
          path,
          path,
          file -> KerasReader.reads(file) ? new KerasReader(file) : new Hdf5Reader(file));
    }
    if (TorchLegacyStream.isMagic(start)) {
      return new TorchLegacyStream(path, part);
    }
    if (looksLikeSafetensors(start, Files.size(path))) {
      return new SafetensorsReader(path);
    }
    if (path.toString().endsWith(TensorBundleReader.INDEX) && LevelDbTable.isTable(path)) {
      String name = path.getFileName().toString();
      Path prefix = path.resolveSibling(name.substring(0, name.length() - ".index".length()));
      return new TensorBundleReader(path, Format.TF_CHECKPOINT, prefix, Map.of());
    }
    // After safetensors: the length of its header may start with the same two bytes.
    if (start.length > 1 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 4) {
      return new PaddleReader(path, part);
    }
    if (start.length > 0 && start[0] == '{'
        || path.getFileName().toString().endsWith(".index.json")) {
      return new SafetensorsIndex(path);
    }
    Optional<String> kind = FileKind.of(start);
    if (kind.isPresent()) {
      throw new UnsupportedFileException(path + ": not weights, but " + kind.get());
    }
    throw new UnsupportedFileException(
        path
            + ": not a weights file that is read; expected the content of JAX .npz, PyTorch .pth,"
            + " .safetensors or its index, Paddle .pdparams, .h5, .keras or a TensorFlow checkpoint");
  }

  private static TensorFile openFolder(Path folder, String part) throws IOException {
    Path definition = folder.resolve(SavedModelNotes.DEFINITION);
    if (!Files.exists(definition)) {
      for (String name : HUB_FILES) {
        if (Files.isRegularFile(folder.resolve(name))) {
          return open(folder.resolve(name), part);
        }
      }
      boolean orbax =
          Files.exists(folder.resolve("_METADATA"))
              || Files.exists(folder.resolve("_CHECKPOINT_METADATA"))
              || Files.exists(folder.resolve("manifest.ocdbt"));
      throw new UnsupportedFileException(
          folder
              + (orbax
                  ? ": an Orbax checkpoint, which is not read; restore it in JAX and save it with"
                      + " np.savez(FILE, **flatten_dict(params, sep='/'))"
                  : ": a folder without saved_model.pb or model.safetensors; expected a SavedModel,"
                      + " a folder of a model hub, or a file"));
    }
    return new TensorBundleReader(
        folder,
        Format.SAVED_MODEL,
        folder.resolve("variables").resolve("variables"),
        SavedModelNotes.read(definition));
  }

  private static boolean looksLikeSafetensors(byte[] start, long size) {
    if (start.length < 10 || start[8] != '{') {
      return false;
    }
    long header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return header > 0 && (header <= 1 << 30 || header > size);
  }

  private static TensorFile openZip(Path path, String part) throws IOException {
    ZipArchive zip = new ZipArchive(path);
    try {
      if (zip.entries().keySet().stream().anyMatch(PROGRAM.asMatchPredicate())) {
        throw new UnsupportedFileException(
            path
                + ": this is an exported program (.pt2); expected a state dict: save it in PyTorch"
                + " with torch.save(torch.export.load(FILE).state_dict, NEW)");
      }
      Optional<String> pickle =
          zip.entries().keySet().stream().filter(n -> n.matches("[^/]+/data\\.pkl")).findFirst();
      if (pickle.isPresent()) {
        return new TorchZip(path, zip, pickle.get(), part);
      }
      return zip.entries().containsKey(KerasArchive.WEIGHTS)
          ? KerasArchive.open(path, zip)
          : new NpzReader(path, zip);
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }
}

package dev.mixer4j.weights.format.numpy;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ZipArchive;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;

/** Reads NumPy's {@code .npz}: a zip of {@code NAME.npy} arrays, stored or compressed. */
public final class NpzReader implements TensorFile {

  private static final String SUFFIX = ".npy";

  private final Path path;
  private final ZipArchive zip;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  public NpzReader(Path path, ZipArchive zip) throws IOException {
    this.path = path;
    this.zip = zip;
    for (ZipEntry entry : zip.entries().values()) {
      String file = entry.getName();
      if (!file.endsWith(SUFFIX)) {
        throw new UnsupportedFileException(
            path + ": entry '" + file + "' is not an array; expected NAME.npy");
      }
      String name = file.substring(0, file.length() - SUFFIX.length());
      // The CRC is left to the reading of the elements: here only the first bytes are wanted.
      NpyHeader header = zip.peek(file, in -> NpyHeader.read(path, name, in));
      header.checkSize(path, entry.getSize());
      tensors.put(name, header.info());
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Format format() {
    return Format.NPZ;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    zip.read(
        name + SUFFIX,
        in -> {
          NpyHeader.read(path, name, in).readElements(in, destination);
          return null;
        });
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

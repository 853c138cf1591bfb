package dev.mixer4j.weights.format.numpy;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import dev.mixer4j.weights.format.elements.ZipArchive;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.zip.ZipEntry;

/** Reads NumPy's {@code .npz}: a zip of {@code NAME.npy} arrays, stored or compressed. */
public final class NpzReader extends OpenTensorFile {

  private static final String SUFFIX = ".npy";

  private final ZipArchive zip;

  public NpzReader(Path path, ZipArchive zip) throws IOException {
    super(path, Format.NPZ, "NumPy archive");
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

package dev.mixer4j.weights.format.numpy;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.ndarray.Shape;

/** The content of a {@code .npy} file of floating-point numbers: row-major, as float32. */
public record NpyFile(Shape shape, FloatBuffer values) {

  public static NpyFile read(Path path) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(RegularFile.check(path)))) {
      NpyHeader header = NpyHeader.read(path, path.getFileName().toString(), in);
      header.checkSize(path, Files.size(path));
      if (!header.info().dtype().isFloat()) {
        throw new UnsupportedFileException(
            path + ": expected floating-point numbers, found " + header.info().dtype());
      }
      FloatBuffer values = FloatBuffer.allocate(header.info().elements());
      header.readElements(in, values);
      return new NpyFile(header.info().shape(), values.flip());
    } catch (EOFException e) {
      throw new MalformedFileException(path + ": " + e.getMessage() + ": the file is cut off", e);
    }
  }
}

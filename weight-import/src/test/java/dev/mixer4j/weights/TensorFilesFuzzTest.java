package dev.mixer4j.weights;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class TensorFilesFuzzTest {

  @FuzzTest(maxDuration = "15s")
  void anyBytesAreReadOrRefused(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("fuzz", ".bin");
    try {
      Files.write(file, bytes);
      try (TensorFile tensors = TensorFiles.open(file)) {
        for (TensorInfo info : tensors.tensors().values()) {
          if (info.dtype().isFloat()) {
            tensors.read(info.name(), java.nio.FloatBuffer.allocate(info.elements()));
          }
        }
      } catch (WeightsException e) {
        return;
      }
    } finally {
      Files.delete(file);
    }
  }
}

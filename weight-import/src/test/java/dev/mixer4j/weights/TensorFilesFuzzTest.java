package dev.mixer4j.weights;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mixer4j.core.Origin;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any bytes are read or refused with one of our errors: no other exception, no crash, no hang. Each
 * build fuzzes for some seconds; a command of this module's README does for as long as one likes.
 */
class TensorFilesFuzzTest {

  /** Of a file this small no tensor may be larger; Jazzer gives the process 2 GB. */
  private static final int MAX_ELEMENTS = 1 << 24;

  @MethodSource("soundFiles")
  @FuzzTest(maxDuration = "20s")
  void briefly(byte[] bytes) throws IOException {
    readOrRefuse(bytes);
  }

  @MethodSource("soundFiles")
  @FuzzTest(maxDuration = "")
  void forAsLongAsOneLikes(byte[] bytes) throws IOException {
    readOrRefuse(bytes);
  }

  private static void readOrRefuse(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("fuzz", ".bin");
    try {
      Files.write(file, bytes);
      try (TensorFile tensors = TensorFiles.open(file)) {
        for (TensorInfo info : tensors.tensors().values()) {
          if (info.elements() > MAX_ELEMENTS) {
            throw new AssertionError(bytes.length + " bytes claim " + info);
          }
          if (info.dtype().isFloat()) {
            tensors.read(info.name(), FloatBuffer.allocate(info.elements()));
          }
        }
      } catch (WeightsException e) {
        return; // refused in words
      }
    } finally {
      Files.delete(file);
    }
  }

  /** The seeds: one small file of each format that is a single file. */
  static Stream<byte[]> soundFiles() throws IOException {
    Path folder = Files.createTempDirectory("seeds");
    RandomWeights weights = new RandomWeights(RandomWeights.TINY, List.of("cat", "dog"));
    List<Path> files = new ArrayList<>();
    for (TargetFormat format :
        List.of(TargetFormat.H5, TargetFormat.NPZ, TargetFormat.SAFETENSORS)) {
      Path file = folder.resolve("seed." + format);
      CheckpointWriter.write(
          file, format, weights, weights.info().withOrigin(new Origin("npz", "")), false, n -> {});
      files.add(file);
    }
    System.setProperty("mixer4j.hdf5", "java");
    Path javas = folder.resolve("javas.h5");
    CheckpointWriter.write(javas, TargetFormat.H5, weights, weights.info(), false, n -> {});
    System.clearProperty("mixer4j.hdf5");
    files.add(javas);
    files.add(Fixtures.path("networks/resnet_rgb.safetensors"));
    files.add(Fixtures.path("square.pth"));
    for (String name :
        List.of("half.pth", "legacy.pth", "keras2.h5", "keras3_tanh.keras", "protocol4.pdparams")) {
      files.add(Fixtures.path("sources/" + name));
    }
    List<byte[]> seeds = new ArrayList<>();
    for (Path file : files) {
      seeds.add(Files.readAllBytes(file));
    }
    return seeds.stream();
  }
}

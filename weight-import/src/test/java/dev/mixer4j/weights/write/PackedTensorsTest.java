package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.names.MappedTensors;
import dev.mixer4j.weights.names.NameTable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** A made-up family whose table, names/packed/torch.map, has packed and squeezed tensors. */
class PackedTensorsTest {

  @TempDir private Path folder;

  /** Its variables are in another order than the parts of the packed tensor. */
  public record Packed(ImageInput input, int classes) implements Network {
    @Override
    public String family() {
      return "packed";
    }

    @Override
    public int featureSize() {
      return 1;
    }

    @Override
    public List<Variable> variables() {
      return Stream.of("value/kernel", "query/kernel", "key/kernel", "position")
          .map(name -> new Variable(name, Shape.of(5, 2), Initializer.ZEROS))
          .toList();
    }

    @Override
    public Outputs apply(Pass pass, Operand<TFloat32> images) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Network withClasses(int other) {
      return new Packed(input, other);
    }

    @Override
    public Network withInput(ImageInput other) {
      return new Packed(other, classes);
    }
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    RandomWeights weights = new RandomWeights(new Packed(ImageInput.square(4, 1), 0));
    Path path = folder.resolve("packed.safetensors");
    CheckpointWriter.write(
        path, TargetFormat.SAFETENSORS, weights, ModelInfo.NONE, false, bytes -> {});
    try (TensorFile file = TensorFiles.open(path)) {
      assertThat(file.tensors().values())
          .containsExactly(
              new TensorInfo("in_proj", DType.FLOAT32, Shape.of(6, 5)),
              new TensorInfo("position", DType.FLOAT32, Shape.of(1, 5, 2)),
              new TensorInfo("steps", DType.INT64, Shape.scalar()));
      MappedTensors mapped =
          new MappedTensors(
              file, NameTable.of("packed", "torch").orElseThrow(), false, file.tensors().keySet());
      assertThat(mapped.problem()).isEmpty();
      assertThat(mapped.shapes()).containsExactlyInAnyOrderEntriesOf(weights.network().shapes());
      assertThat(mapped.ignored()).containsExactly("steps");
      mapped
          .sources()
          .forEach(
              (variable, source) -> {
                FloatBuffer stored = FloatBuffer.allocate(source.info().elements());
                FloatBuffer values = FloatBuffer.allocate(10);
                read(file, source.info().name(), stored);
                source.layout().copy(stored.flip(), source.info().shape(), values);
                assertThat(values.array()).as(variable).isEqualTo(weights.values(variable));
              });
      FloatBuffer packed = FloatBuffer.allocate(30);
      file.read("in_proj", packed);
      // The first row of the query's part is the first column of its kernel.
      assertThat(packed.get(1)).isEqualTo(weights.values("query/kernel")[2]);
    }
  }

  private static void read(TensorFile file, String name, FloatBuffer to) {
    try {
      file.read(name, to);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

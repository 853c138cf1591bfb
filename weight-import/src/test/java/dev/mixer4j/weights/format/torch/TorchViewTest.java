package dev.mixer4j.weights.format.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.elements.Permutation;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** Tensors of .pth files as views of their storages: which are read, and which are refused. */
class TorchViewTest extends TorchFileTest {

  @Test
  void viewsOfAStorage() throws IOException {
    assertThat(read(file(view(12, 0, sizes(3, 4), 4, 1)), "w"))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(read(file(view(12, 5, sizes(2, 3), 3, 1)), "w")).containsExactly(5, 6, 7, 8, 9, 10);
    assertThat(read(file(view(12, 0, sizes(4, 3), 1, 4)), "w"))
        .containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
    assertThat(read(file(view(12, 1, sizes(2, 1, 3), 6, 99, 2)), "w"))
        .containsExactly(1, 3, 5, 7, 9, 11);
    assertThat(read(file(view(12, 11, sizes())), "w")).containsExactly(11);
    assertThat(read(file(view(12, 12, sizes(0, 4), 4, 1)), "w")).isEmpty();
  }

  @Test
  void storageThatIsMissing() {
    assertMalformed(
        dict(p -> p.tensor("FloatStorage", "1", 12, 0, sizes(1), sizes(1))),
        "tensor 'w': storage 1 is missing");
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 13, 0, -1, Long.MAX_VALUE})
  void storageOfAnotherSize(long elements) {
    assertMalformed(
        view(elements, 0, sizes(1), 1),
        "tensor 'w': expected a storage of " + elements + " elements of float32, found 48 bytes");
  }

  @Test
  void storageOfNoWholeNumberOfElements() {
    PickleBytes pickle = view(12, 0, sizes(1), 1);
    byte[] content =
        new ZipBytes()
            .stored("model/data.pkl", pickle.stop())
            .stored("model/data/0", Arrays.copyOf(TWELVE, 50))
            .bytes();
    assertMalformed(content, "found 50 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "0,13,1",
    "12,1,1",
    "11,2,1",
    "1,12,1",
    "0,2,12",
    "0,3,6",
    "0,2,9223372036854775807",
    "9223372036854775807,1,1",
    "0,536870911,9223372036854775807",
    "0,3,4611686018427387904"
  })
  void viewThatIsOutOfBounds(long offset, long size, long stride) {
    assertThatThrownBy(() -> open(file(view(12, offset, sizes(size), stride))).close())
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll("a.pth", "tensor 'w'", "strid");
  }

  @Test
  void viewThatMakesNoSense() {
    String problem = "tensor 'w': its view of the storage makes no sense";
    assertMalformed(view(12, -1, sizes(1), 1), problem);
    assertMalformed(view(12, 0, sizes(1)), problem);
    assertMalformed(view(12, 0, sizes(1, 1), 1), problem);
    assertMalformed(view(12, 11, sizes(2), -1), "negative stride -1");
  }

  @Test
  void sizesThatAreNegativeOrTooLarge() {
    for (long[] sizes : new long[][] {{-1}, {1L << 40}, {1 << 20, 1 << 20}, {1 << 30}}) {
      long[] strides = Permutation.strides(Shape.of(1, 1)).clone();
      assertThatThrownBy(
              () -> open(file(view(12, 0, sizes, Arrays.copyOf(strides, sizes.length)))).close())
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll("a.pth: tensor 'w': expected");
    }
  }

  @Test
  void viewThatRepeatsElements() {
    assertUnsupported(file(view(12, 0, sizes(500_000_000), 0)), "'w' repeats elements", "clone()");
    assertUnsupported(file(view(12, 0, sizes(4, 4), 1, 1)), "repeats elements (strides [1, 1])");
  }

  @Test
  void tooManyDimensions() throws IOException {
    long[] ones = new long[64];
    Arrays.fill(ones, 1);
    assertThat(read(file(view(12, 7, ones, ones)), "w")).containsExactly(7);
    long[] more = new long[65];
    assertMalformed(view(12, 0, more, more), "a tensor of 65 dimensions");
  }
}

package dev.mixer4j.weights.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

class LayoutTest {

  private static Shape shape(String sizes) {
    return Shape.of(Arrays.stream(sizes.split(" ")).mapToLong(Long::parseLong).toArray());
  }

  private static float[] count(Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return values;
  }

  private static float[] copy(Layout layout, Shape source) {
    FloatBuffer to = FloatBuffer.allocate((int) layout.shape(source).size());
    layout.copy(FloatBuffer.wrap(count(source)), source, to);
    assertThat(to.hasRemaining()).isFalse();
    return to.array();
  }

  /** The numbers count the elements of the tensor in the file. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-                        | 2 3   | 2 3   | 0 1 2 3 4 5",
        "1,0                      | 2 3   | 3 2   | 0 3 1 4 2 5",
        "part 1/3                 | 6     | 2     | 0 1",
        "part 3/3                 | 6     | 2     | 4 5",
        "part 2/2 1,0             | 4 2   | 2 2   | 4 6 5 7",
        "squeeze 0                | 1 2 3 | 2 3   | 0 1 2 3 4 5",
        "squeeze 1 1,0            | 2 1 3 | 3 2   | 0 3 1 4 2 5",
        "reshape 2,*:*            | 2 3   | 6     | 0 1 2 3 4 5",
        "reshape *,2:2,* 1,0      | 3 2   | 3 2   | 0 3 1 4 2 5",
        "part 2/2 reshape *:1,* 1,0 | 4 | 2 1   | 2 3",
      })
  void stepsAndTheWayBack(String words, String before, String after, String numbers) {
    Layout layout = Layout.parse(List.of(words.split(" ")));
    Shape source = shape(before);
    assertThat(layout.shape(source)).isEqualTo(shape(after));
    float[] moved = copy(layout, source);
    String[] expected = numbers.split(" ");
    assertThat(moved).hasSize(expected.length);
    for (int i = 0; i < moved.length; i++) {
      assertThat(moved[i]).isEqualTo(Float.parseFloat(expected[i]));
    }
    Layout back = layout.inverse();
    FloatBuffer again = FloatBuffer.allocate(moved.length);
    back.move(FloatBuffer.wrap(moved), layout.shape(source), again);
    assertThat(again.array()).isSorted(); // the elements are in the file's order again
    assertThat(again.get(0)).isEqualTo((float) layout.part() * moved.length);
    assertThat(layout.keepsElements()).isEqualTo(!words.contains("part") && !words.contains("1,0"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,0             | 6     | expected 2 dimensions, found shape [6]",
        "part 1/4        | 6 2   | expected a first axis of 4 equal parts, found shape [6, 2]",
        "squeeze 0       | 2 3   | expected size 1 of axis 0, found shape [2, 3]",
        "reshape 4,*:*   | 2 6   | expected [4, -1], found shape [2, 6]",
        "reshape *:4,*   | 6     | expected [4, -1], found shape [6]",
      })
  void shapesThatDoNotFit(String words, String source, String problem) {
    Layout layout = Layout.parse(List.of(words.strip().split(" ")));
    assertThatThrownBy(() -> layout.shape(shape(source.strip())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(problem);
  }

  @Test
  void elementsMoveOnceAtMost() {
    assertThatThrownBy(() -> Layout.parse(List.of("1,0", "squeeze", "0", "1,0")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than one order of axes");
  }
}

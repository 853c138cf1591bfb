package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.NpyBytes;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerifyCommandTest {

  private static final Path WEIGHTS = Fixtures.path("narrow.safetensors");
  private static final Path INPUTS = Fixtures.path("narrow.x.npy");
  private static final Path EXPECTED = Fixtures.path("narrow.timm.npy");

  @TempDir private Path folder;

  private static CommandRun verify(Path weights, Path inputs, Path expected, Object... more) {
    Object[] arguments = new Object[6 + more.length];
    Object[] fixed = {"verify", weights, "--inputs", inputs, "--expected", expected};
    System.arraycopy(fixed, 0, arguments, 0, 6);
    System.arraycopy(more, 0, arguments, 6, more.length);
    return CommandRun.of(arguments);
  }

  /** Expected logits of which one is another. */
  private Path expectedWith(int index, float value) throws IOException {
    FloatBuffer logits = NpyFile.read(EXPECTED).values();
    logits.put(index, value);
    return Files.write(folder.resolve("y.npy"), NpyBytes.of("3, 7", logits.array()));
  }

  private static void assertBadInput(CommandRun run, String... message) {
    assertThat(run.err()).startsWith("error: ").contains(message);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.code()).isEqualTo(3);
  }

  @Test
  void holds() {
    CommandRun run = verify(WEIGHTS, INPUTS, EXPECTED);
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .matches(
            "\\Q"
                + WEIGHTS
                + "\\E: 3 images, max \\|difference\\| [0-9.]+e-0[67], allowed "
                + "[0-9.e-]+ \\(0.000100 \\* max\\(1, max \\|expected\\| [0-9.]+\\)\\): holds\\R");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 13, 20})
  void oneLogitThatIsAnother(int index) throws IOException {
    float right = NpyFile.read(EXPECTED).values().get(index);
    CommandRun run = verify(WEIGHTS, INPUTS, expectedWith(index, right + 0.001f));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("max |difference| 0.00100,", ": DOES NOT HOLD");
  }

  /** As with a new model of timm's, whose head is all zero. */
  @ParameterizedTest
  @ValueSource(floats = {0, 1e-6f})
  void expectedZerosProveNothing(float value) throws IOException {
    Path weights = folder.resolve("new.h5");
    CommandRun.of("convert", WEIGHTS, "--classes", 7, "-o", weights);
    float[] logits = new float[21];
    Arrays.fill(logits, value);
    Path expected = Files.write(folder.resolve("y.npy"), NpyBytes.of("3, 7", logits));
    CommandRun run = verify(weights, INPUTS, expected);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains(": NOTHING WAS COMPARED").doesNotContain("holds");
    assertThat(run.err()).startsWith("error: " + expected + ": all values are 0 within");
  }

  @Test
  void tolerance() throws IOException {
    Path expected = expectedWith(0, NpyFile.read(EXPECTED).values().get(0) + 0.001f);
    assertThat(verify(WEIGHTS, INPUTS, expected, "--tolerance", "0.01").code()).isEqualTo(0);
    assertThat(verify(WEIGHTS, INPUTS, EXPECTED, "--tolerance", "1e-9").code()).isEqualTo(1);
  }

  @Test
  void toleranceIsRelativeToTheLargestLogit() throws IOException {
    // 1 + 1000 * 1e-3 is within 1e-3 of 1000 + ..., but not within 1e-3 alone.
    float right = NpyFile.read(EXPECTED).values().get(0);
    assertThat(verify(WEIGHTS, INPUTS, expectedWith(0, right + 1000), "--tolerance", 1.1).code())
        .isEqualTo(0);
    assertThat(verify(WEIGHTS, INPUTS, expectedWith(0, right + 1000), "--tolerance", 0.9).code())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "NaN,1e-4",
    "Infinity,1e-4",
    "-Infinity,1e-4",
    "NaN,1e30",
    "Infinity,1e30",
    "Infinity,0"
  })
  void expectedThatIsNotFinite(float value, double tolerance) throws IOException {
    CommandRun run = verify(WEIGHTS, INPUTS, expectedWith(5, value), "--tolerance", tolerance);
    assertThat(run.out()).contains("DOES NOT HOLD");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void otherGeluIsNoticed() throws IOException {
    assertThat(
            verify(WEIGHTS, INPUTS, Fixtures.path("narrow.flax.npy"), "--tolerance", 1e-5).code())
        .isEqualTo(1);
    assertThat(verify(Fixtures.path("narrow.npz"), INPUTS, Fixtures.path("narrow.flax.npy")).code())
        .isEqualTo(0);
  }

  @Test
  void networkWithoutAHeadGivesItsFeatures() {
    CommandRun run =
        verify(
            Fixtures.path("nohead.pth"),
            Fixtures.path("nohead.x.npy"),
            Fixtures.path("nohead.timm.npy"));
    assertThat(run.out()).contains(": holds");
  }

  @Test
  void moreImagesThanOneBatch() throws IOException {
    float[] x = NpyFile.read(INPUTS).values().array();
    float[] y = NpyFile.read(EXPECTED).values().array();
    float[] manyX = new float[x.length * 6];
    float[] manyY = new float[y.length * 6];
    for (int i = 0; i < 6; i++) {
      System.arraycopy(x, 0, manyX, i * x.length, x.length);
      System.arraycopy(y, 0, manyY, i * y.length, y.length);
    }
    Path inputs = Files.write(folder.resolve("x.npy"), NpyBytes.of("18, 24, 24, 3", manyX));
    Path expected = Files.write(folder.resolve("y.npy"), NpyBytes.of("18, 7", manyY));
    CommandRun run = verify(WEIGHTS, inputs, expected);
    assertThat(run.out()).contains(": 18 images, ").contains(": holds");

    manyY[17 * 7 + 6] += 1; // the last logit of the last image
    Files.write(expected, NpyBytes.of("18, 7", manyY));
    assertThat(verify(WEIGHTS, inputs, expected).code()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "24, 24, 3;[N, 24, 24, 3]",
        "3, 16, 16, 3;[3, 24, 24, 3]",
        "3, 3, 24, 24;[3, 24, 24, 3]",
        "'';[N, 24, 24, 3]"
      })
  void inputsOfAnotherShape(String shape, String wanted) throws IOException {
    int size = 1;
    for (String part : shape.split(", ")) {
      size *= part.isEmpty() ? 1 : Integer.parseInt(part);
    }
    Path inputs = Files.write(folder.resolve("x.npy"), NpyBytes.of(shape, new float[size]));
    assertBadInput(
        verify(WEIGHTS, inputs, EXPECTED),
        inputs + ": expected shape " + wanted + " for the network of " + WEIGHTS,
        "found [" + shape + "]");
  }

  @Test
  void noImages() throws IOException {
    Path inputs = Files.write(folder.resolve("x.npy"), NpyBytes.of("0, 24, 24, 3"));
    assertBadInput(verify(WEIGHTS, inputs, EXPECTED), inputs + ": expected at least one image");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"3, 6", "2, 7", "7, 3", "21,"})
  void expectedOfAnotherShape(String shape) throws IOException {
    int size = shape.equals("3, 6") ? 18 : shape.equals("2, 7") ? 14 : 21;
    Path expected = Files.write(folder.resolve("y.npy"), NpyBytes.of(shape, new float[size]));
    assertBadInput(
        verify(WEIGHTS, INPUTS, expected), expected + ": expected shape [3, 7]", "found [");
  }

  @Test
  void filesThatCannotBeRead() {
    Path missing = folder.resolve("missing");
    assertBadInput(verify(missing, INPUTS, EXPECTED), missing + ": no such file");
    assertBadInput(verify(WEIGHTS, missing, EXPECTED), missing + ": no such file");
    assertBadInput(verify(WEIGHTS, INPUTS, missing), missing + ": no such file");
    assertBadInput(verify(WEIGHTS, INPUTS, WEIGHTS), WEIGHTS.toString(), "NumPy's magic");
    assertBadInput(verify(WEIGHTS, INPUTS, folder), folder + ": expected a file, found a folder");
  }

  @Test
  void wrongUsage() {
    CommandRun tolerance = verify(WEIGHTS, INPUTS, EXPECTED, "--tolerance", "-1");
    assertThat(tolerance.err()).contains("--tolerance: expected 0 or more");
    assertThat(tolerance.code()).isEqualTo(2);
    assertThat(verify(WEIGHTS, INPUTS, EXPECTED, "--tolerance", "NaN").code()).isEqualTo(2);
    CommandRun missing = CommandRun.of("verify", WEIGHTS);
    assertThat(missing.err()).contains("--inputs", "--expected");
    assertThat(missing.code()).isEqualTo(2);
  }
}

package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.SafetensorsBytes;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names in a file must not command the terminal, forge lines or turn the writing direction. */
class HostileNamesTest {

  private static final String HOSTILE = "\u001b]0;t\u0007\u009b2J\u202e\u2066\r\nerror: forged\n";
  private static final String SHOWN =
      "\\u001b]0;t\\u0007\\u009b2J\\u202e\\u2066\\u000d\\u000aerror: forged\\u000a";

  @TempDir private Path folder;

  private static CommandRun assertHarmless(Object... command) {
    CommandRun run = CommandRun.of(command);
    assertThat(run.out() + run.err())
        .doesNotContainPattern("[\\p{Cntrl}\u0080-\u009f\u202a-\u202e\u2066-\u2069&&[^\n]]")
        .doesNotContainPattern("(?m)^error: forged");
    return run;
  }

  /** narrow.safetensors with a hostile prefix and text. */
  private Path tensors() throws IOException {
    byte[] narrow = Files.readAllBytes(Fixtures.path("narrow.safetensors"));
    int length = (int) ByteBuffer.wrap(narrow).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonMapper mapper = new JsonMapper();
    JsonNode header = mapper.readTree(new String(narrow, 8, length, StandardCharsets.UTF_8));
    ObjectNode hostile = mapper.createObjectNode();
    hostile.putObject("__metadata__").put(HOSTILE, HOSTILE);
    header
        .properties()
        .forEach(
            each -> {
              if (!each.getKey().equals("__metadata__")) {
                hostile.set(HOSTILE + "." + each.getKey(), each.getValue());
              }
            });
    byte[] data = Arrays.copyOfRange(narrow, 8 + length, narrow.length);
    byte[] bytes = SafetensorsBytes.withHeader(hostile.toString(), data);
    return Files.write(folder.resolve("w.safetensors"), bytes);
  }

  @Test
  void ofTensorsPrefixesAndMetadata() throws IOException {
    Path file = tensors();
    CommandRun inspect = assertHarmless("inspect", file);
    assertThat(inspect.code()).isZero();
    assertThat(inspect.out())
        .contains("  metadata      " + SHOWN + ": " + SHOWN)
        .contains("  names         without '" + SHOWN + ".' before each");
    JsonNode json = new JsonMapper().readTree(assertHarmless("inspect", file, "--json").out());
    assertThat(json.at("/metadata").properties().iterator().next().getValue().asText())
        .isEqualTo(HOSTILE);
    CommandRun convert = assertHarmless("convert", file, "-o", folder.resolve("w.h5"));
    assertThat(convert.code()).isZero();
    assertThat(convert.out()).contains("without '" + SHOWN + ".' before each");
  }

  @Test
  void ofClasses() throws IOException {
    Path file = folder.resolve("w.h5");
    RandomWeights weights =
        new RandomWeights(RandomWeights.TINY.withClasses(2), List.of(HOSTILE, "b"));
    CheckpointWriter.write(file, TargetFormat.H5, weights, weights.info(), false, bytes -> {});
    Path other = folder.resolve("other.h5");
    CheckpointWriter.write(other, TargetFormat.H5, weights, ModelInfo.NONE, false, bytes -> {});
    assertThat(assertHarmless("inspect", file).out()).contains("class names   " + SHOWN + ", b");
    assertThat(assertHarmless("diff", file, other).out()).contains("class names: [" + SHOWN);
    assertHarmless("diff", file, other, "--json");
  }

  @Test
  void ofWhatIsRefused() throws IOException {
    Path file = folder.resolve("w.safetensors");
    byte[] bytes =
        new SafetensorsBytes()
            .tensor("\\u001b[2J\\u202e\\nerror: forged", "F32", new long[] {1}, new byte[4])
            .bytes();
    Files.write(file, bytes);
    assertThat(assertHarmless("inspect", file).code()).isEqualTo(3);
    assertThat(assertHarmless("no\u001b[2J", file).code()).isEqualTo(2);
  }
}

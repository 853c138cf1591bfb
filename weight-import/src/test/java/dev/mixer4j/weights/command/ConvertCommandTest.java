package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.Origin;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.FileHash;
import dev.mixer4j.weights.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {

  private static final Path NARROW = Fixtures.path("narrow.safetensors");

  @TempDir private Path folder;
  private Path target;

  @BeforeEach
  void name() {
    target = folder.resolve("out.h5");
  }

  /** Converts with options and gives what the file then says. */
  private Mixer convert(Object... options) throws IOException {
    Object[] command =
        Stream.concat(Stream.of("convert", NARROW, "-o", target), Stream.of(options)).toArray();
    CommandRun run = CommandRun.of(command);
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isEqualTo(0);
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      return Fixtures.mixer(checkpoint);
    }
  }

  private void assertNothingLeft() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  private static void assertUsage(CommandRun run, String... message) {
    assertThat(run.err()).startsWith("error: ").contains(message).doesNotContain("\tat ");
    assertThat(run.out()).isEmpty();
    assertThat(run.code()).isEqualTo(2);
  }

  @Test
  void withoutOptionsItKeepsWhatTheSourceHas() throws IOException {
    CommandRun run = CommandRun.of("convert", NARROW, "--output", target);
    assertThat(run.code()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .containsExactly(
            target + ": a Mixer of its own size, 7,749 parameters",
            "  geometry      image 24, patch 8, 9 tokens, hidden 20, 2 blocks",
            "  MLP widths    tokens 14, channels 36",
            "  classes       7",
            "  GELU          erf",
            "  LayerNorm     epsilon 1.0E-6",
            "  pixels        mean 0.5,0.5,0.5, std 0.5,0.5,0.5",
            "  images        transform not known",
            "  assumed       gelu erf, layer_norm_epsilon 1.0E-6, which the file does not say;"
                + " 'convert --set' sets another");
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.assumed()).as("its own description says them").isEmpty();
      assertThat(checkpoint.network()).isEqualTo(Fixtures.geometry("narrow", Gelu.ERF));
      assertThat(checkpoint.info().origin())
          .contains(new Origin("safetensors", FileHash.sha256(List.of(NARROW))));
    }
  }

  @Test
  void whatIsGivenIsNotAssumed() {
    CommandRun run =
        CommandRun.of("convert", NARROW, "-o", target, "--gelu", "tanh", "--epsilon", "1e-5");
    assertThat(run.out())
        .contains("epsilon 1.0E-5", "GELU          tanh")
        .doesNotContain("assumed");
    run = CommandRun.of("convert", NARROW, "-o", target, "--overwrite", "--epsilon", "-1");
    assertThat(run.err()).contains("layer_norm_epsilon");
    assertThat(run.code()).isEqualTo(3);
  }

  @Test
  void classes() throws IOException {
    assertThat(convert("--classes", 10))
        .isEqualTo(Fixtures.geometry("narrow", Gelu.ERF).withClasses(10));
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(Fixtures.values(checkpoint, "head/kernel")).hasSize(200).containsOnly(0);
    }
  }

  @Test
  void replacedHeadIsNamed() {
    CommandRun run = CommandRun.of("convert", NARROW, "-o", target, "--classes=10");
    assertThat(run.out()).contains("  not used      head.weight, head.bias");
  }

  @Test
  void dropHead() throws IOException {
    assertThat(convert("--drop-head").classes()).isZero();
    Files.delete(target);
    assertThat(convert("--drop-head=false").classes()).isEqualTo(7);
  }

  @Test
  void set() throws IOException {
    assertThat(convert("--set", "layer_norm_epsilon=1e-5", "--set", "gelu=tanh"))
        .satisfies(mixer -> assertThat(mixer.layerNormEpsilon()).isEqualTo(1e-5f))
        .satisfies(mixer -> assertThat(mixer.gelu()).isEqualTo(Gelu.TANH));
    Path perceptron = Fixtures.path("networks/mlp.pth");
    CommandRun run =
        CommandRun.of("convert", perceptron, "-o", target, "--overwrite", "--set=output_relu=true");
    assertThat(run.err()).isEmpty();
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.network()).extracting("outputRelu").isEqualTo(true);
    }
    Files.delete(target);
    for (String[] wrong :
        new String[][] {
          {"output_relu=yes", "output_relu: expected true or false, found \"yes\""},
          {"depth=2", "mlp has no setting 'depth'; it has [input, hidden, classes, output_relu]"},
          {"hidden=3", "{hidden=3} asks for other tensors than those of the file"}
        }) {
      run = CommandRun.of("convert", perceptron, "-o", target, "--set", wrong[0]);
      assertThat(run.err()).startsWith("error: ").contains(wrong[1]);
      assertThat(run.code()).isIn(2, 3);
      assertNothingLeft();
    }
  }

  @Test
  void gelu() throws IOException {
    assertThat(convert("--gelu", "tanh").gelu()).isEqualTo(Gelu.TANH);
    Files.delete(target);
    assertThat(convert("--gelu", "erf").gelu()).isEqualTo(Gelu.ERF);
  }

  @Test
  void meanAndStd() throws IOException {
    Mixer config = convert("--mean", "0.485,0.456,0.406", "--std", "0.25");
    assertThat(config.input().mean()).isEqualTo(List.of(0.485f, 0.456f, 0.406f));
    assertThat(config.input().std()).isEqualTo(List.of(0.25f, 0.25f, 0.25f));
  }

  @Test
  void overwrite() throws IOException {
    Files.writeString(target, "as it was");
    CommandRun refused = CommandRun.of("convert", NARROW, "-o", target);
    assertUsage(refused, target + ": it is there already; --overwrite replaces it");
    assertThat(refused.err().lines()).hasSize(1);
    assertThat(target).hasContent("as it was");
    assertThat(convert("--overwrite").classes()).isEqualTo(7);
  }

  @Test
  void folderAsTarget() {
    CommandRun run = CommandRun.of("convert", NARROW, "-o", folder, "--to", "h5", "--overwrite");
    assertUsage(run, folder + ": it is a folder");
    assertThat(run.err()).doesNotContain("--overwrite");
  }

  @Test
  void sourceAsTarget() throws IOException {
    convert();
    byte[] before = Files.readAllBytes(target);
    CommandRun run = CommandRun.of("convert", target, "-o", target, "--overwrite");
    assertUsage(run, "SOURCE and TARGET are the same file");
    assertThat(Files.readAllBytes(target)).isEqualTo(before);
  }

  @Test
  void convertedFilesConvertToo() throws IOException {
    convert("--mean", "0.1");
    Path again = folder.resolve("again.h5");
    assertThat(CommandRun.of("convert", target, "-o", again, "--classes", 3).code()).isZero();
    try (Checkpoint checkpoint = Checkpoint.open(again)) {
      assertThat(checkpoint.network().classes()).isEqualTo(3);
      assertThat(checkpoint.network().input().mean()).isEqualTo(List.of(0.1f, 0.1f, 0.1f));
      assertThat(checkpoint.info().origin())
          .contains(new Origin("h5", FileHash.sha256(List.of(target))));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--classes 10 --drop-head;mutually exclusive",
        "--classes 0;expected 1 to 1000000, found 0; --drop-head is for none",
        "--classes -3;expected 1 to 1000000, found -3",
        "--classes 1000001;expected 1 to 1000000",
        "--classes ten;--classes",
        "--gelu relu;--gelu",
        "--mean 1,;expected a number, or one for each channel such as R,G,B, found '1,'",
        "--mean nan;--mean",
        "--mean NaN;expected finite numbers, found 'NaN'",
        "--std 1,0,1;expected numbers above 0, found '1,0,1'",
        "--std Infinity;expected finite numbers, found 'Infinity'",
        "--std -1;expected numbers above 0",
        "--colour red;--colour"
      })
  void optionsThatMakeNoSense(String options, String message) throws IOException {
    Object[] command =
        Stream.concat(Stream.of("convert", NARROW, "-o", target), Stream.of(options.split(" ")))
            .toArray();
    assertUsage(CommandRun.of(command), message);
    assertNothingLeft();
  }

  @Test
  void meanOfOtherChannels() throws IOException {
    CommandRun run = CommandRun.of("convert", NARROW, "-o", target, "--mean", "1,2");
    assertThat(run.err()).contains("one for each of 3 channels, found [1.0, 2.0]");
    assertThat(run.code()).isEqualTo(3);
    assertNothingLeft();
  }

  @Test
  void argumentsThatAreMissing() throws IOException {
    assertUsage(CommandRun.of("convert", NARROW), "Missing required option", "--out");
    assertUsage(CommandRun.of("convert", "-o", target), "Missing required parameter", "SOURCE");
    assertNothingLeft();
  }

  @Test
  void understandsTheEarlierNameOfAnOption() {
    CommandRun run = CommandRun.of("convert", NARROW, "--output=" + target);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(target).exists();
    assertThat(CommandRun.of("convert", "--help").out()).doesNotContain("--output");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hostile_os_system.pth", "narrow.json", "narrow.x.npy"})
  void sourcesThatAreNoMixers(String fixture) throws IOException {
    CommandRun run = CommandRun.of("convert", Fixtures.path(fixture), "-o", target);
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("error: " + Fixtures.path(fixture) + ": ");
    assertNothingLeft();
  }

  @Test
  void sourceThatIsDamagedInItsLastTensor() throws IOException {
    byte[] content = Files.readAllBytes(Fixtures.path("narrow.npz"));
    String text = new String(content, java.nio.charset.StandardCharsets.ISO_8859_1);
    content[text.indexOf("PK\1\2") - 1] ^= 1; // the last byte before the zip's directory
    Path source = Files.write(folder.resolve("damaged.npz"), content);
    CommandRun run = CommandRun.of("convert", source, "-o", target);
    assertThat(run.err()).contains(source.toString(), "stem/kernel.npy", "CRC");
    assertThat(run.code()).isEqualTo(3);
    Files.delete(source);
    assertNothingLeft();
  }

  @Test
  void foldersAndFilesThatAreMissing() {
    Path missing = folder.resolve("missing.npz");
    CommandRun source = CommandRun.of("convert", missing, "-o", target);
    assertThat(source.err()).isEqualToIgnoringNewLines("error: " + missing + ": no such file");
    assertThat(source.code()).isEqualTo(3);

    Path lost = folder.resolve("lost/out.h5");
    CommandRun run = CommandRun.of("convert", NARROW, "-o", lost);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).contains(lost.getParent() + ": no such folder to write " + lost);
    assertThat(run.code()).isEqualTo(3);
  }
}

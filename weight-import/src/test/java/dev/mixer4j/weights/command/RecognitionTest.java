package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.FileHash;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.published.ClassList;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code convert} of a file whose hash is a published one: here a fixture's. */
class RecognitionTest {

  private static final Path FIXTURE = Path.of("src/test/resources/fixtures/narrow.pth");

  @TempDir Path folder;
  private Path target;
  private final StringWriter out = new StringWriter();

  @BeforeEach
  void nameTarget() {
    target = folder.resolve("narrow.h5");
  }

  @Test
  void takesWhatThePublisherSays() throws Exception {
    convert(7, hash().substring(0, 8));
    assertThat(out.toString())
        .contains("recognised as tiny: a test's own")
        .contains("GELU          tanh")
        .contains("mean 0.0,0.0,0.0, std 1.0,1.0,1.0")
        .contains("images        squash bicubic");
    try (Checkpoint made = Checkpoint.open(target)) {
      assertThat(Fixtures.mixer(made).gelu()).isEqualTo(Gelu.TANH);
      assertThat(made.network().input().mean()).isEqualTo(List.of(0f, 0f, 0f));
      assertThat(made.network().input().std()).isEqualTo(List.of(1f, 1f, 1f));
      assertThat(made.info().transform()).contains(ImageTransform.squash(Interpolation.BICUBIC));
    }
  }

  @Test
  void optionsComeFirst() throws Exception {
    convert(7, hash(), "--gelu", "erf", "--mean", "0.25");
    try (Checkpoint made = Checkpoint.open(target)) {
      assertThat(Fixtures.mixer(made).gelu()).isEqualTo(Gelu.ERF);
      assertThat(made.network().input().mean()).isEqualTo(List.of(0.25f, 0.25f, 0.25f));
      assertThat(made.network().input().std()).isEqualTo(List.of(1f, 1f, 1f));
    }
  }

  @Test
  void aReplacedHeadHasNoNames() throws Exception {
    convert(1000, hash(), "--classes", "1000");
    try (Checkpoint made = Checkpoint.open(target)) {
      assertThat(made.info().classNames()).isEmpty();
    }
  }

  @Test
  void anotherFileIsNotRecognised() throws Exception {
    convert(7, "0".repeat(64));
    assertThat(out.toString()).doesNotContain("recognised").contains("GELU          erf");
  }

  @Test
  void classNamesOfEveryListGoIntoTheFileAndComeOut() throws Exception {
    for (String list : List.of("imagenet-1k", "imagenet-21k")) {
      List<String> names = ClassList.load(list);
      Path wide = folder.resolve(list + ".h5");
      assertThat(run(new ZeroMixer(names.size()).write(folder), wide, list)).isZero();
      try (Checkpoint made = Checkpoint.open(wide)) {
        assertThat(made.info().classNames()).isEqualTo(names);
        assertThat(made.network().classes()).isEqualTo(names.size());
      }
    }
  }

  @Test
  void aFamilyWithOneFormOfGeluIsDescribedToo() throws Exception {
    Path source = FIXTURE.resolveSibling("networks/resmlp_rgb.deit.pth");
    String hash = FileHash.sha256(List.of(source));
    for (String list : new String[] {"imagenet-1k", null}) { // neither has the head's 5 classes
      assertThat(
              commandLine(checkpoint(5, list, hash))
                  .execute(source.toString(), "-o", target.toString(), "--overwrite"))
          .isZero();
      try (Checkpoint made = Checkpoint.open(target)) {
        assertThat(made.network()).isInstanceOf(ResMlp.class);
        assertThat(made.network().input().std()).isEqualTo(List.of(1f, 1f, 1f));
        assertThat(made.info().classNames()).isEmpty();
      }
    }
  }

  @Test
  void aFileThatIsNotRecognisedHasItsFamilysNormalization() throws Exception {
    Path source = FIXTURE.resolveSibling("networks/resmlp_rgb.safetensors");
    assertThat(
            commandLine(checkpoint(5, "imagenet-1k", "0".repeat(64)))
                .execute(source.toString(), "-o", target.toString()))
        .isZero();
    assertThat(out.toString()).contains("mean 0.485,0.456,0.406, std 0.229,0.224,0.225");
  }

  private int run(Path source, Path to, String list) throws Exception {
    String hash = FileHash.sha256(List.of(source));
    return commandLine(checkpoint(ClassList.load(list).size(), list, hash))
        .execute(source.toString(), "-o", to.toString());
  }

  private void convert(int classes, String hash, String... options) {
    List<String> args = new ArrayList<>(List.of(FIXTURE.toString(), "-o", target.toString()));
    args.addAll(List.of(options));
    int code =
        commandLine(checkpoint(classes, "imagenet-1k", hash)).execute(args.toArray(String[]::new));
    assertThat(code).isEqualTo(Cli.DONE);
  }

  private CommandLine commandLine(PublishedCheckpoint checkpoint) {
    PublishedCheckpoints registry = new PublishedCheckpoints(List.of(checkpoint));
    return Cli.commandLine(new ConvertCommand(() -> registry)).setOut(new PrintWriter(out));
  }

  private static PublishedCheckpoint checkpoint(int classes, String list, String hash) {
    PublishedFile file =
        new PublishedFile(
            Format.PTH, URI.create("https://x/y.pth"), OptionalLong.empty(), Optional.of(hash));
    return new PublishedCheckpoint(
        "tiny",
        "a test's own",
        "us",
        24,
        classes,
        list,
        List.of(0f),
        List.of(1f),
        ImageTransform.squash(Interpolation.BICUBIC),
        Gelu.TANH,
        "MIT",
        List.of(file));
  }

  private static String hash() throws Exception {
    return FileHash.sha256(List.of(FIXTURE));
  }

  /** A safetensors file of the smallest Mixer, all zero, with as many classes as asked for. */
  private record ZeroMixer(int classes) {

    Path write(Path folder) throws Exception {
      StringBuilder header = new StringBuilder("{");
      long end = 0;
      for (String[] tensor :
          new String[][] {
            {"stem.proj.weight", "1,3,1,1"},
            {"stem.proj.bias", "1"},
            {"blocks.0.norm1.weight", "1"},
            {"blocks.0.norm1.bias", "1"},
            {"blocks.0.mlp_tokens.fc1.weight", "1,1"},
            {"blocks.0.mlp_tokens.fc1.bias", "1"},
            {"blocks.0.mlp_tokens.fc2.weight", "1,1"},
            {"blocks.0.mlp_tokens.fc2.bias", "1"},
            {"blocks.0.norm2.weight", "1"},
            {"blocks.0.norm2.bias", "1"},
            {"blocks.0.mlp_channels.fc1.weight", "1,1"},
            {"blocks.0.mlp_channels.fc1.bias", "1"},
            {"blocks.0.mlp_channels.fc2.weight", "1,1"},
            {"blocks.0.mlp_channels.fc2.bias", "1"},
            {"norm.weight", "1"},
            {"norm.bias", "1"},
            {"head.weight", classes + ",1"},
            {"head.bias", "" + classes}
          }) {
        long bytes = 4;
        for (String size : tensor[1].split(",")) {
          bytes *= Long.parseLong(size);
        }
        header
            .append(end == 0 ? "" : ",")
            .append('"')
            .append(tensor[0])
            .append("\":{\"dtype\":\"F32\",\"shape\":[")
            .append(tensor[1])
            .append("],\"data_offsets\":[")
            .append(end)
            .append(',')
            .append(end += bytes)
            .append("]}");
      }
      byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
      ByteBuffer all =
          ByteBuffer.allocate((int) (8 + json.length + end))
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .put(json);
      return Files.write(folder.resolve(classes + ".safetensors"), all.array());
    }
  }
}

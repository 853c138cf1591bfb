package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.Network;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Small trainings by the command, and what they leave. */
abstract class TrainingRuns {

  @TempDir Path dir;

  Path data;

  Path weights;

  @BeforeEach
  void makeInputs() throws IOException {
    data = Fixtures.cifar(dir.resolve("data"));
    weights = Fixtures.weights(dir.resolve("w.h5"));
  }

  /** Trains into a new folder, with a rate that lets the small network learn in a few steps. */
  Path train(Object... options) {
    Path out = dir.resolve("run" + dir.toFile().list().length);
    Fixtures.Ran ran = run(out, options);
    assertThat(ran.code()).as(ran.err()).isZero();
    return out;
  }

  Fixtures.Ran run(Path out, Object... options) {
    List<Object> args =
        new ArrayList<>(List.of("train", "--weights", weights, "--data", data, "--out", out));
    args.addAll(List.of(options));
    if (!args.contains("--learning-rate") && !args.contains("--lr")) {
      args.addAll(List.of("--learning-rate", 0.01));
    }
    return Fixtures.run(args.toArray());
  }

  static List<String> rows(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv"));
  }

  /** The first columns of each row: step, epoch, split. */
  static List<String> places(Path run) throws IOException {
    return rows(run).stream()
        .skip(1)
        .map(row -> row.replaceAll("^(([^,]*,){2}[^,]*),.*", "$1"))
        .toList();
  }

  static void assertEqualWeights(Path a, Path b) throws IOException {
    Map<String, float[]> other = Fixtures.read(b.resolve("final.h5"));
    Fixtures.read(a.resolve("final.h5"))
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(other.get(name)));
  }

  static void assertOtherWeights(Path a, Path b) throws IOException {
    assertThat(Fixtures.read(a.resolve("final.h5")).get("stem/kernel"))
        .isNotEqualTo(Fixtures.read(b.resolve("final.h5")).get("stem/kernel"));
  }

  static Network network(Path weights) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      return checkpoint.network();
    }
  }

  static String last(List<String> list) {
    return list.get(list.size() - 1);
  }

  static void assertRefused(Fixtures.Ran ran, int code, String message) {
    assertThat(ran.code()).as(ran.err()).isEqualTo(code);
    assertThat(ran.err()).contains(message).doesNotContain("\tat ");
    assertThat(ran.out()).isEmpty();
  }
}

package dev.mixer4j.finetune.optim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.settings.OptimizerSettings;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What tools/reference/make_optimizer_fixtures.py made. */
final class OptimizerFixtures {

  static final int STEPS = 200;

  /** The steps after which the parameters are kept. */
  static final List<Integer> SNAPSHOTS = List.of(1, 10, 50, 200);

  /**
   * One optimizer's training.
   *
   * @param number its row in the fixtures
   * @param settings the optimizer's
   * @param base of the learning rate
   */
  record Case(int number, JsonNode settings, double base) {

    Optimizer optimizer() {
      return OptimizerSettings.fromJson(settings).build();
    }

    /** The learning rate of a step, which counts from 1. */
    double rate(int step) {
      return base * (0.6 + 0.4 * Math.cos(step / 15.0));
    }

    /** The mean cross-entropy before each step. */
    float[] losses() {
      return row("losses.npy", number, STEPS);
    }

    /** All parameters after the step with that place in {@link #SNAPSHOTS}. */
    float[] parameters(int snapshot) {
      return row("parameters.npy", number * SNAPSHOTS.size() + snapshot, SmallNetwork.PARAMETERS);
    }

    @Override
    public String toString() {
      return settings.toString();
    }
  }

  private OptimizerFixtures() {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (JsonNode one : json("cases.json")) {
      cases.add(new Case(cases.size(), one.get("settings"), one.get("rate").doubleValue()));
    }
    return cases;
  }

  /** The first case of an optimizer, which has its defaults. */
  static Case defaults(String name) {
    return cases().stream()
        .filter(c -> c.settings().get("name").textValue().equals(name))
        .findFirst()
        .orElseThrow();
  }

  static JsonNode json(String file) {
    try {
      return new JsonMapper().readTree(path(file).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static float[] values(String file) {
    try {
      return NpyFile.read(path(file)).values().array();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static float[] row(String file, int row, int size) {
    return Arrays.copyOfRange(values(file), row * size, (row + 1) * size);
  }

  private static Path path(String file) {
    try {
      return Path.of(OptimizerFixtures.class.getResource("/fixtures/optimizers/" + file).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** The largest difference, as a share of the largest expected number. */
  static double difference(float[] found, float[] expected) {
    double difference = 0;
    double scale = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs((double) found[i] - expected[i]));
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    return found.length == expected.length && !Double.isNaN(difference)
        ? difference / scale
        : Double.POSITIVE_INFINITY;
  }
}

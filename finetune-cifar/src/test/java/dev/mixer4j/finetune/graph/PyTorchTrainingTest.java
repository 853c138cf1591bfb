package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.core.network.ResNet.Shortcut;
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.optim.Adam;
import dev.mixer4j.finetune.optim.Momentum;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The small networks against PyTorch, 20 steps from the same start:
 * tools/reference/make_network_fixtures.py made the files.
 */
class PyTorchTrainingTest {

  private static final int STEPS = 20;
  private static final int BATCH = 64;
  private static final long SEED = 14;
  private static final ImageInput PIXELS =
      new ImageInput(28, 28, 1, List.of(0f), List.of(1f)); // as PyTorch had them

  private static final Map<String, Network> NETWORKS =
      Map.of(
          "lenet5", new LeNet5(PIXELS, 10),
          "resnet_broadcast", new ResNet(PIXELS, 10, Shortcut.BROADCAST),
          "resnet_conv", new ResNet(PIXELS, 10, Shortcut.CONV),
          "mlp", new MultilayerPerceptron(PIXELS, List.of(30, 20), 10, false),
          "gru", new Gru(PIXELS, 64, 10),
          "vit", new VisionTransformer(PIXELS, 7, 16, 2, 4, 24, 10, false, 1e-5f),
          "resmlp", new ResMlp(PIXELS, 7, 12, 2, 30, 10, 1e-4f),
          "vip", new VisionPermutator(PIXELS, 7, List.of(2, 1), List.of(8, 12), 2, 10),
          "mixer", new Mixer(PIXELS, 7, 14, 2, 16, 10, 10, Gelu.ERF, 1e-6f));

  /** Networks whose own initial values would hide mistakes: they start from a file. */
  private static final List<String> RANDOM_START = List.of("resmlp", "vip", "mixer");

  private record Trained(double[] losses, Map<String, float[]> values) {}

  @ParameterizedTest
  @CsvSource({
    "lenet5, 1e-5, 1e-6",
    "mlp, 1e-6, 1e-7",
    "gru, 1e-6, 1e-7",
    "vit, 1e-6, 1e-6",
    "resmlp, 1e-5, 1e-6",
    "vip, 1e-5, 1e-6",
    "mixer, 1e-5, 1e-6",
    "resnet_broadcast, 1e-3, 1e-3",
    "resnet_conv, 1e-3, 1e-3",
  })
  void followsPyTorchsSgd(String name, double lossBound, double bound) throws IOException {
    Trained ours = train(name, new Momentum(0.5, false, 0), 0.01);
    assertThat(lossDifference(ours, name + ".sgd")).isLessThan(lossBound);
    // Batch norm takes away the biases before it, so their gradients are rounding noise; but steps
    // of that size do not show here.
    assertThat(differences(NETWORKS.get(name), ours, name + ".sgd"))
        .allSatisfy((variable, difference) -> assertThat(difference).isLessThan(bound));
  }

  @ParameterizedTest
  @CsvSource({
    "lenet5, 1e-4, 2e-4",
    "mlp, 1e-5, 1e-5",
    "gru, 1e-5, 1e-5",
    "vit, 1e-5, 5e-5",
    "resmlp, 1e-5, 1e-5",
    "vip, 1e-5, 1e-5",
    "mixer, 1e-5, 1e-5",
    "resnet_broadcast, 1e-3, 1e-3",
    "resnet_conv, 1e-3, 1e-3",
  })
  void followsPyTorchsAdam(String name, double lossBound, double bound) throws IOException {
    Trained ours = train(name, new Adam(0.9, 0.999, 1e-8, 0, false), 1e-3);
    assertThat(lossDifference(ours, name + ".adam")).isLessThan(lossBound);
    Map<String, Double> differences = differences(NETWORKS.get(name), ours, name + ".adam");
    if (name.startsWith("resnet")) {
      // Batch norm takes away the biases before it, so their gradients are rounding noise, of which
      // Adam makes full steps: no two frameworks agree on them, and so not on the running means.
      for (String noise : List.of("conv1/bias", "norm1/mean", "conv2/bias", "norm2/mean")) {
        assertThat(differences.remove(noise)).as(noise).isLessThan(STEPS * 1e-3 * 2);
      }
    }
    if (name.equals("mixer")) {
      // One number for all channels of a token, which layer normalization takes away.
      for (int block = 0; block < 2; block++) {
        assertThat(differences.remove("MixerBlock_" + block + "/token_mixing/Dense_1/bias"))
            .isLessThan(STEPS * 1e-3 * 2);
      }
    }
    if (name.equals("vit")) {
      // The softmax takes away what the keys' bias adds to all scores of a query.
      for (int block = 0; block < 2; block++) {
        assertThat(differences.remove("Block_" + block + "/attention/qkv/bias, part 1"))
            .isLessThan(STEPS * 1e-3 * 2);
      }
    }
    assertThat(differences)
        .allSatisfy((variable, difference) -> assertThat(difference).isLessThan(bound));
  }

  private static Weights start(String name) throws IOException {
    Network network = NETWORKS.get(name);
    return RANDOM_START.contains(name)
        ? new Values(network, toTensorFlow(network, floats(name + ".start")))
        : new InitialWeights(network, SEED);
  }

  private record Values(Network network, Map<String, float[]> tensors) implements Weights {
    @Override
    public void read(String name, FloatBuffer destination) {
      destination.put(tensors.get(name));
    }

    @Override
    public void close() {}
  }

  private static Trained train(String name, Optimizer optimizer, double rate) throws IOException {
    LabelledImages images = new LabelledImages(28, 28, 1, bytes("images.npy"), bytes("labels.npy"));
    double[] losses = new double[STEPS];
    try (TrainingGraph graph =
        new TrainingGraph(
            start(name), Fixtures.settings("batch_size", BATCH), images, optimizer, Fixtures.CPU)) {
      for (int step = 0; step < STEPS; step++) {
        int first = step * BATCH % images.size();
        int[] rows = IntStream.range(first, first + BATCH).toArray();
        Batch.Part part =
            new Batch.Part(
                rows, images.pixels(rows), images.labels(rows), new boolean[BATCH], null);
        try (Batch batch = new Batch(step + 1, 1, 0, List.of(part))) {
          graph.step(batch, rate, 0, true);
          losses[step] = graph.totals().loss() / BATCH;
        }
      }
      try (Weights end = graph.snapshot()) {
        return new Trained(losses, Fixtures.read(end));
      }
    }
  }

  /** The elements of a .npy file of version 1 with bytes. */
  private static byte[] bytes(String file) throws IOException {
    byte[] all = Files.readAllBytes(Fixtures.resource("networks/" + file));
    return Arrays.copyOfRange(all, 10 + (all[8] & 0xff | (all[9] & 0xff) << 8), all.length);
  }

  private static FloatBuffer floats(String file) throws IOException {
    return NpyFile.read(Fixtures.resource("networks/" + file + ".npy")).values();
  }

  /** The largest absolute difference of any step's loss. */
  private static double lossDifference(Trained trained, String run) throws IOException {
    FloatBuffer expected = floats(run + ".losses");
    assertThat(expected.remaining()).isEqualTo(STEPS);
    return Arrays.stream(trained.losses)
        .map(loss -> Math.abs(loss - expected.get()))
        .max()
        .orElseThrow();
  }

  /** The largest absolute difference of each variable. */
  private static Map<String, Double> differences(Network network, Trained trained, String run)
      throws IOException {
    Map<String, Double> differences = new LinkedHashMap<>();
    toTensorFlow(network, floats(run + ".final"))
        .forEach(
            (name, expected) -> {
              float[] found = trained.values.get(name);
              // Of queries, keys and values, each of which has a difference of its own.
              int parts = name.endsWith("/qkv/bias") ? 3 : 1;
              int size = expected.length / parts;
              for (int part = 0; part < parts; part++) {
                double difference = 0;
                for (int i = part * size; i < (part + 1) * size; i++) {
                  difference = Math.max(difference, Math.abs(found[i] - expected[i]));
                }
                differences.put(parts == 1 ? name : name + ", part " + part, difference);
              }
            });
    return differences;
  }

  /** Splits a flat array; PyTorch's kernels are [out, in, height, width] or [out, in]. */
  private static Map<String, float[]> toTensorFlow(Network network, FloatBuffer flat) {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    for (Variable variable : network.variables()) {
      long[] shape = variable.shape().asArray();
      boolean kernel = variable.name().endsWith("kernel");
      float[] values = new float[(int) variable.shape().size()];
      int out = kernel ? (int) shape[shape.length - 1] : values.length;
      int in = kernel ? (int) shape[shape.length - 2] : 1;
      int area = values.length / in / out;
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          for (int a = 0; a < area; a++) {
            values[(a * in + i) * out + o] = flat.get();
          }
        }
      }
      tensors.put(variable.name(), values);
    }
    assertThat(flat.hasRemaining()).isFalse();
    return tensors;
  }
}

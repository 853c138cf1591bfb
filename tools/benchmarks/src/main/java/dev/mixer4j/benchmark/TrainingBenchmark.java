package dev.mixer4j.benchmark;

import picocli.CommandLine.Command;

@Command(
    name = "training",
    sortOptions = false,
    description = {
      "Times a step of FineTuning: 8-bit images of 32 by 32 (28 by 28 if gray), resized and"
          + " normalised, forward, backward, Adam at 1e-5.",
      "Peers, which do the same: torch (timm, eager), torch-compile, jax (Flax and optax, jit), keras"
          + " (on TensorFlow). Beside these mixer4j-xla, ours with XLA for what is no matrix product, on"
          + " a GPU for everything, and products, the network's matrix products alone: a bound.",
      "On a GPU, and in other precisions than float32, the peers are torch and torch-compile unless"
          + " --peers says otherwise, and there is another bound, matmul: one large product, and each"
          + " contender's share of both. All contenders are on the GPU at once.",
      "Other networks than Mixers have torch and torch-compile beside them."
    })
final class TrainingBenchmark extends StepBenchmark {

  TrainingBenchmark() {
    super(StepTask.TRAINING);
  }
}

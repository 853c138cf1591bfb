package dev.mixer4j.benchmark;

import picocli.CommandLine.Command;

@Command(
    name = "inference",
    sortOptions = false,
    description = {
      "Times ImageClassifier.logits on normalised images, random weights; on a GPU on 8-bit images of"
          + " the network's size, which are normalised there. A classifier computes in float32 or TF32;"
          + " in bfloat16 it is the same network built with Pass.inference.",
      "Peers: torch (timm, eager), torch-compile, jax (Flax, jit), keras (on TensorFlow), onnxruntime;"
          + " and in a JVM onnxruntime-java and djl-pytorch, which need onnxruntime and torch before"
          + " them. Beside these mixer4j-xla, ours with XLA for what is no matrix product, on a GPU for"
          + " everything, and products, the network's matrix products alone: a bound.",
      "On a GPU, and in other precisions than float32, the peers are torch and torch-compile unless"
          + " --peers says otherwise, and there is another bound, matmul: one large product, and each"
          + " contender's share of both. All contenders are on the GPU at once.",
      "Other networks than Mixers have torch and torch-compile beside them."
    })
final class InferenceBenchmark extends StepBenchmark {

  InferenceBenchmark() {
    super(StepTask.INFERENCE);
  }
}

package dev.mixer4j.weights.command;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = {
      "Runs the network on known inputs and compares its logits with known ones.",
      "It holds when max |difference| <= tolerance * max(1, max |expected|).",
      "Expected logits that are all within the allowed difference of 0 prove nothing: exit code 1."
    })
final class VerifyCommand extends Subcommand {

  private static final int BATCH = 8;

  @Parameters(paramLabel = "FILE", description = "Weights of any readable format.")
  private Path file;

  @Option(
      names = "--inputs",
      required = true,
      paramLabel = "x.npy",
      description = "Normalized images, float32 [N, height, width, channels].")
  private Path inputs;

  @Option(
      names = "--expected",
      required = true,
      paramLabel = "y.npy",
      description = "The logits of another implementation, float32 [N, classes].")
  private Path expected;

  @Option(
      names = "--tolerance",
      defaultValue = "1e-4",
      paramLabel = "X",
      description = "Largest relative difference (default: ${DEFAULT-VALUE}).")
  private double tolerance;

  @Override
  public Integer call() throws IOException {
    if (!(tolerance >= 0)) {
      throw usage("--tolerance: expected 0 or more");
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      Network network = checkpoint.network();
      ImageInput input = network.input();
      NpyFile x = NpyFile.read(inputs);
      NpyFile y = NpyFile.read(expected);
      int outputs = network.classes() == 0 ? network.featureSize() : network.classes();
      long images = x.shape().numDimensions() == 4 ? x.shape().get(0) : 0;
      check(inputs, x.shape(), images, input.height(), input.width(), input.channels());
      if (images == 0) {
        throw new MixerException(inputs + ": expected at least one image, found none");
      }
      check(expected, y.shape(), images, outputs);
      return compare(checkpoint, x, y);
    }
  }

  private void check(Path path, Shape found, long... wanted) {
    if (!found.equals(Shape.of(wanted))) {
      String sizes = Shape.of(wanted).toString();
      throw new MixerException(
          "%s: expected shape %s for the network of %s, found %s"
              .formatted(path, wanted[0] == 0 ? sizes.replaceFirst("0", "N") : sizes, file, found));
    }
  }

  private int compare(Checkpoint checkpoint, NpyFile x, NpyFile y) {
    double difference = 0;
    double largest = 0;
    int images = (int) x.shape().get(0);
    FloatBuffer wanted = y.values();
    try (ImageClassifier classifier = new ImageClassifier(checkpoint);
        Progress progress = Progress.of("Verifying", images, "images", 1)) {
      for (int first = 0; first < images; first += BATCH) {
        int count = Math.min(BATCH, images - first);
        for (float[] row : logits(classifier, x, first, count)) {
          for (float logit : row) {
            float reference = wanted.get();
            largest = Math.max(largest, Math.abs(reference));
            difference = Math.max(difference, Math.abs((double) logit - reference));
          }
        }
        progress.step(count);
      }
    }
    double bound = tolerance * Math.max(1, largest);
    // Not for NaN, which Math.max keeps, nor where infinity makes the bound infinite.
    boolean holds = difference <= bound && Double.isFinite(difference);
    boolean proves = largest > tolerance; // otherwise a network that only gives 0 would hold
    print(
        "%s: %d images, max |difference| %.3g, allowed %.3g (%.3g * max(1, max |expected| %.4g)): %s",
        file,
        images,
        difference,
        bound,
        tolerance,
        largest,
        holds ? proves ? "holds" : "NOTHING WAS COMPARED" : "DOES NOT HOLD");
    if (holds && !proves) {
      printError(
          "%s: all values are 0 within the allowed difference, as those of a new head are; give the"
                  .formatted(expected)
              + " head other values in both places, or compare the features of --drop-head");
    }
    return holds && proves ? Cli.DONE : Cli.CHECK_FAILED;
  }

  private static float[][] logits(ImageClassifier classifier, NpyFile x, int first, int count) {
    int size = (int) (x.shape().size() / x.shape().get(0));
    Shape shape = Shape.of(count, x.shape().get(1), x.shape().get(2), x.shape().get(3));
    FloatBuffer batch = x.values().slice(first * size, count * size);
    try (TFloat32 tensor = TFloat32.tensorOf(shape, DataBuffers.of(batch))) {
      return classifier.logits(tensor);
    }
  }
}

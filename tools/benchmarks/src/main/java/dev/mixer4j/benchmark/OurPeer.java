package dev.mixer4j.benchmark;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Precision;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.session.TensorFloat32;
import dev.mixer4j.weights.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** Mixer4J, as its users use it. */
final class OurPeer {

  /** A training tells its loss once a second, and here the second step's is wanted. */
  private static final long LOSS_MILLIS = 1000;

  private OurPeer() {}

  static void infer(Peer peer, Peer.Job job) throws Exception {
    // As training does it by itself: TensorFlow begins with it.
    TensorFloat32.allow(job.precision() != Precision.FLOAT32);
    try (Checkpoint weights = Checkpoint.open(job.weights());
        TType batch = batch(job, weights.network().input().channels())) {
      if (job.precision() == Precision.BFLOAT16) {
        try (Bfloat16Network network = new Bfloat16Network(weights, job.device(), job.pixels())) {
          peer.serve(job, () -> flat(network.logits(batch)));
        }
        return;
      }
      try (ImageClassifier classifier =
          new ImageClassifier(weights, ModelInfo.NONE, job.device())) {
        peer.serve(
            job,
            () ->
                flat(
                    batch instanceof TUint8 pixels
                        ? classifier.logits(pixels)
                        : classifier.logits((TFloat32) batch)));
      }
    }
  }

  private static TType batch(Peer.Job job, int channels) throws IOException {
    Shape shape = Shape.of(job.batch(), job.size(), job.size(), channels);
    if (!job.pixels()) {
      return TFloat32.tensorOf(shape, DataBuffers.of(job.images()));
    }
    byte[] levels = Files.readAllBytes(job.file("inputs.u8"));
    return TUint8.tensorOf(shape, DataBuffers.of(levels, true, false));
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[i].length, rows[i].length);
    }
    return all;
  }

  static void train(Peer peer, Peer.Job job) {
    try {
      FineTuning.of(job.weights(), job.file("data"))
          .devices(Devices.of(job.device()))
          .set("precision", job.precision().toString())
          .set("steps", Integer.MAX_VALUE)
          .set("batch_size", job.batch())
          .set("shuffle", false)
          .set("flip", false)
          .set("xla", job.peer().endsWith("-xla"))
          .set("eval_every", Long.MAX_VALUE)
          .set("save_every", Long.MAX_VALUE)
          .limitTest(1)
          .overwrite(true)
          .run(job.file("run of " + job.peer()), new Steps(peer, job));
    } catch (Enough e) {
      return;
    }
  }

  /** Ends a training at once: one that is asked to stop would write its checkpoint first. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Lets the training make its steps only when they are ordered. */
  private static final class Steps implements TrainingListener {
    private final Peer peer;
    private final Peer.Job job;
    private double first;

    private Steps(Peer peer, Peer.Job job) {
      this.peer = peer;
      this.job = job;
    }

    @Override
    public void step(long step, int images, double loss, double accuracy) {
      try {
        if (step == 1) {
          first = loss;
          Thread.sleep(LOSS_MILLIS);
          return;
        }
        if (step == 2) {
          // What is told is the mean since the last row of the metrics.
          job.write((float) first, (float) (2 * loss - first));
          peer.ready();
        } else {
          peer.done();
        }
        if (!peer.ordered()) {
          throw new Enough();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new Enough();
      }
    }
  }
}

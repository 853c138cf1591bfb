package dev.mixer4j.benchmark;

import dev.mixer4j.core.MixerClassifier;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Mixer4J, as its users use it. */
final class OurPeer {

  private OurPeer() {}

  static void infer(Peer peer, Peer.Task task) throws Exception {
    Shape shape = Shape.of(task.batch(), task.size(), task.size(), 3);
    try (MixerClassifier classifier = MixerClassifier.load(task.folder().resolve("weights.h5"));
        TFloat32 images = TFloat32.tensorOf(shape, DataBuffers.of(task.images()))) {
      peer.serve(task, () -> flat(classifier.logits(images)));
    }
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[i].length, rows[i].length);
    }
    return all;
  }

  static void train(Peer peer, Peer.Task task) throws IOException {
    FineTuning.of(task.folder().resolve("weights.h5"), task.folder().resolve("data"))
        .set("steps", Integer.MAX_VALUE)
        .set("batch_size", task.batch())
        .set("shuffle", false)
        .set("flip", false)
        .set("xla", task.peer().endsWith("-xla"))
        .set("log_every", 1)
        .set("eval_every", Long.MAX_VALUE)
        .set("save_every", Long.MAX_VALUE)
        .limitTest(1)
        .run(task.folder().resolve("run of " + task.peer()), new Steps(peer, task));
    peer.end();
  }

  /** Lets the training make its steps only when they are ordered. */
  private static final class Steps implements TrainingListener {
    private final Peer peer;
    private final Peer.Task task;
    private float first;
    private boolean end;

    private Steps(Peer peer, Peer.Task task) {
      this.peer = peer;
      this.task = task;
    }

    @Override
    public void step(long step, int images, double loss, double accuracy) {
      try {
        if (step == 1) {
          first = (float) loss;
          return;
        }
        if (step == 2) {
          task.write(first, (float) loss);
          peer.ready();
        } else {
          peer.done();
        }
        end = !peer.ordered();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean stopRequested() {
      return end;
    }
  }
}

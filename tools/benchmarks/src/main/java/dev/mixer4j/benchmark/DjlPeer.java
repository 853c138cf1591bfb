package dev.mixer4j.benchmark;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoopTranslator;

/** DJL with its PyTorch engine, on the model that PyTorch's peer traced. */
final class DjlPeer {

  private DjlPeer() {}

  static void infer(Peer peer, Peer.Job job) throws Exception {
    try (Model model = Model.newInstance("model", "PyTorch")) {
      model.load(job.file("model.pt").getParent());
      try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator());
          NDManager manager = model.getNDManager().newSubManager();
          NDArray images =
              manager.create(job.planes(), new Shape(job.batch(), 3, job.size(), job.size()))) {
        peer.serve(
            job,
            () -> {
              try (NDList logits = predictor.predict(new NDList(images))) {
                return logits.singletonOrThrow().toFloatArray();
              }
            });
      }
    }
  }
}

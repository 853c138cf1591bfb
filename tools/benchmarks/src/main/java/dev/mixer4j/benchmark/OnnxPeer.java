package dev.mixer4j.benchmark;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Map;

/** ONNX Runtime for Java, on the model that its Python peer exported. */
final class OnnxPeer {

  private OnnxPeer() {}

  static void infer(Peer peer, Peer.Task task) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {task.batch(), 3, task.size(), task.size()};
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(task.threads());
      try (OrtSession session =
              environment.createSession(task.folder().resolve("model.onnx").toString(), options);
          OnnxTensor images =
              OnnxTensor.createTensor(environment, FloatBuffer.wrap(task.planes()), shape)) {
        peer.serve(
            task,
            () -> {
              try (OrtSession.Result result = session.run(Map.of("images", images))) {
                FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] all = new float[logits.remaining()];
                logits.get(all);
                return all;
              }
            });
      }
    }
  }
}

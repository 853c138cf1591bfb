package dev.mixer4j.benchmark;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Map;

/** ONNX Runtime for Java, on the model that its Python peer exported. */
final class OnnxPeer {

  private OnnxPeer() {}

  static void infer(Peer peer, Peer.Job job) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {job.batch(), 3, job.size(), job.size()};
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(job.threads());
      try (OrtSession session =
              environment.createSession(job.file("model.onnx").toString(), options);
          OnnxTensor images =
              OnnxTensor.createTensor(environment, FloatBuffer.wrap(job.planes()), shape)) {
        peer.serve(
            job,
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

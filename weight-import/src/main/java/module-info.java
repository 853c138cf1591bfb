/**
 * Readers and writers of checkpoints in the formats of JAX, PyTorch, Keras, Paddle and TensorFlow.
 * Packages that are not exported to all serve this project's commands and may change at any time.
 */
// Each of these names stands in its jar's manifest, so that it stays when the jar becomes a module.
@SuppressWarnings({"module", "requires-automatic"})
module dev.mixer4j.weights {
  requires transitive com.fasterxml.jackson.databind;
  requires com.google.protobuf;
  requires transitive dev.mixer4j.core;
  requires info.picocli;
  requires io.jhdf;
  requires transitive java.net.http;
  requires me.tongfei.progressbar;
  requires org.bytedeco.hdf5;
  requires tensorflow.nativelib;

  // What jHDF needs and, as no module of its own, cannot ask for.
  requires org.apache.commons.lang3;
  requires org.slf4j;

  provides dev.mixer4j.core.WeightsLoader with
      dev.mixer4j.weights.CheckpointLoader;

  exports dev.mixer4j.weights;
  exports dev.mixer4j.weights.download;
  exports dev.mixer4j.weights.format;
  exports dev.mixer4j.weights.published;
  exports dev.mixer4j.weights.write;

  // Which javac does not see from here.
  exports dev.mixer4j.weights.command to
      dev.mixer4j.finetune;
  exports dev.mixer4j.weights.format.elements to
      dev.mixer4j.finetune;
  exports dev.mixer4j.weights.format.numpy to
      dev.mixer4j.finetune;
  exports dev.mixer4j.weights.format.pickle to
      dev.mixer4j.finetune;
  exports dev.mixer4j.weights.format.tensorflow to
      dev.mixer4j.finetune;
  exports dev.mixer4j.weights.settings to
      dev.mixer4j.finetune;

  // picocli fills the commands' fields.
  opens dev.mixer4j.weights.command to
      info.picocli;
}

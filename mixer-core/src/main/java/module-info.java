/** Image classification networks as TensorFlow operations, and a classifier that runs them. */
module dev.mixer4j.core {
  requires transitive java.desktop;
  requires transitive org.tensorflow.ndarray;
  requires transitive tensorflow;
  requires tensorflow.framework;

  exports dev.mixer4j.core;
  exports dev.mixer4j.core.image;
  exports dev.mixer4j.core.layer;
  exports dev.mixer4j.core.network;

  uses dev.mixer4j.core.WeightsLoader;
}

/** The MLP-Mixer network as TensorFlow operations. */
module dev.mixer4j.core {
  requires transitive java.desktop;
  requires transitive org.tensorflow.ndarray;
  requires transitive tensorflow;

  exports dev.mixer4j.core;

  uses dev.mixer4j.core.MixerWeightsLoader;
}

package dev.mixer4j.weights.format;

import java.util.Locale;

/** The file formats that can be read. */
public enum Format {
  /** NumPy's archive, as JAX users keep parameters. */
  NPZ("flax"),
  /** PyTorch's state dict. */
  PTH("torch"),
  /** Hugging Face's safetensors with PyTorch's names. */
  SAFETENSORS("torch"),
  /** Mixer4J's HDF5. */
  H5("flax"),
  /** Keras's HDF5 or .keras. */
  KERAS("keras"),
  /** Paddle's state dict. */
  PDPARAMS("paddle"),
  /** A TensorFlow checkpoint of format V2. */
  TF_CHECKPOINT("flax"),
  /** The variables of a SavedModel. */
  SAVED_MODEL("flax");

  private final String framework;

  Format(String framework) {
    this.framework = framework;
  }

  /** {@return the framework whose names the tensors have: flax, torch, keras or paddle} */
  public String framework() {
    return framework;
  }

  /** The name written to {@code source_format}: {@code npz}, {@code pth}, … */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

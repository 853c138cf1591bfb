package dev.mixer4j.weights;

import java.util.Locale;

/** The formats that are read, each with the naming that its files follow. */
public enum Format {
  /** NumPy's archive with Flax's names, as google-research/vision_transformer publishes. */
  NPZ("flax"),
  /** PyTorch's state dict with timm's names. */
  PTH("timm"),
  /** Hugging Face's safetensors with timm's names. */
  SAFETENSORS("timm"),
  /** HDF5 as {@link Hdf5Writer} writes it, which keeps Flax's names. */
  H5("flax"),
  /** A TensorFlow checkpoint of format V2. */
  TF_CHECKPOINT("flax"),
  /** The variables of a SavedModel. */
  SAVED_MODEL("flax");

  private final String naming;

  Format(String naming) {
    this.naming = naming;
  }

  /** Whose names the tensors have: flax or timm. */
  String naming() {
    return naming;
  }

  /** The name written to {@code source_format}: {@code npz}, {@code pth}, … */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

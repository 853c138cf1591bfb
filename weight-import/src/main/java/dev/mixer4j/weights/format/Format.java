package dev.mixer4j.weights.format;

import dev.mixer4j.core.Gelu;
import java.util.Locale;

/** The formats that are read, each with the naming and the numerics that its files follow. */
public enum Format {
  /** NumPy's archive with Flax's names, as google-research/vision_transformer publishes. */
  NPZ("flax", Gelu.TANH, 1e-6f),
  /** PyTorch's state dict with timm's names. */
  PTH("timm", Gelu.ERF, 1e-6f),
  /** Hugging Face's safetensors with timm's names. */
  SAFETENSORS("timm", Gelu.ERF, 1e-6f),
  /** HDF5 as Mixer4J writes it, which keeps Flax's names and says its numerics. */
  H5("flax", Gelu.TANH, 1e-6f),
  /** Keras's HDF5 or .keras with the layer names and numerics of keras_cv_attention_models. */
  KERAS("keras", Gelu.ERF, 1e-5f),
  /** Paddle's state dict with PaddleViT's names. */
  PDPARAMS("paddle", Gelu.ERF, 1e-6f),
  /** A TensorFlow checkpoint of format V2, with Flax's names. */
  TF_CHECKPOINT("flax", Gelu.TANH, 1e-6f),
  /** The variables of a SavedModel. */
  SAVED_MODEL("flax", Gelu.TANH, 1e-6f);

  private final String naming;
  private final Numerics numerics;

  Format(String naming, Gelu gelu, float layerNormEpsilon) {
    this.naming = naming;
    this.numerics = new Numerics(gelu, layerNormEpsilon);
  }

  /** Whose names the tensors have: flax, timm, keras or paddle. */
  public String naming() {
    return naming;
  }

  /** What the network computes with unless the file says otherwise. */
  public Numerics numerics() {
    return numerics;
  }

  /** The name written to {@code source_format}: {@code npz}, {@code pth}, … */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

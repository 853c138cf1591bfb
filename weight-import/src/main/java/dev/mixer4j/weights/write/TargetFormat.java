package dev.mixer4j.weights.write;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.format.Metadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The formats that are written. */
public enum TargetFormat {
  /** Our own HDF5, which this library reads back. */
  H5("h5", new Hdf5Writer(), ".h5", ".hdf5"),
  /** Safetensors under timm's names, for PyTorch. */
  SAFETENSORS("safetensors", new SafetensorsWriter(), ".safetensors"),
  /** NumPy's archive under Flax's names, for JAX. */
  NPZ("npz", new NpzWriter(), ".npz"),
  /** A TensorFlow checkpoint: {@code PREFIX.index} and {@code PREFIX.data-00000-of-00001}. */
  TF_CHECKPOINT("tf-checkpoint", new TensorBundleWriter(), ".ckpt", ".index"),
  /** A folder that TensorFlow loads and runs; {@link SavedModelInput} tells of its signatures. */
  SAVED_MODEL("saved-model", new SavedModelWriter(SavedModelInput.NORMALIZED));

  private final String title;
  private final WeightsWriter writer;
  private final String[] extensions;

  TargetFormat(String title, WeightsWriter writer, String... extensions) {
    this.title = title;
    this.writer = writer;
    this.extensions = extensions;
  }

  WeightsWriter writer() {
    return writer;
  }

  /**
   * {@return the format that a file's extension stands for, in whatever case; empty where it stands
   * for none}
   *
   * @param target need not be there
   */
  public static Optional<TargetFormat> of(Path target) {
    String name = target.getFileName().toString().toLowerCase(Locale.ROOT);
    for (TargetFormat format : values()) {
      for (String extension : format.extensions) {
        if (name.endsWith(extension)) {
          return Optional.of(format);
        }
      }
    }
    return Optional.empty();
  }

  /**
   * {@return what this format, or the framework that reads it, does not keep of a network, in
   * words; empty if it keeps all}
   *
   * @param metadata the network's
   */
  public List<String> losses(Metadata metadata) {
    List<String> losses = new ArrayList<>();
    boolean tensorsOnly = this == NPZ || this == TF_CHECKPOINT;
    Gelu assumed = this == SAFETENSORS ? Gelu.ERF : Gelu.TANH;
    if ((tensorsOnly || this == SAFETENSORS) && metadata.gelu() != assumed) {
      losses.add(
          "%s's users compute GELU by %s, these weights' is %s: their logits differ by some 1e-4"
              .formatted(this == SAFETENSORS ? "timm" : this, assumed, metadata.gelu()));
    }
    boolean defaults =
        metadata.mean().equals(Rgb.gray(0.5f))
            && metadata.std().equals(Rgb.gray(0.5f))
            && metadata.layerNormEpsilon() == MixerConfig.DEFAULT_LAYER_NORM_EPSILON
            && metadata.transform().orElse(ImageTransform.TIMM).equals(ImageTransform.TIMM)
            && metadata.classNames().isEmpty();
    if (tensorsOnly && !defaults) {
      losses.add(
          this
              + " keeps tensors alone: not mean, std, LayerNorm epsilon, the images' transform and class"
              + " names");
    }
    return losses;
  }

  /** The name that {@code --to} takes, such as {@code saved-model}. */
  @Override
  public String toString() {
    return title;
  }
}

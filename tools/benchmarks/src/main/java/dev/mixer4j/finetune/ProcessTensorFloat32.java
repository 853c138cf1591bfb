package dev.mixer4j.finetune;

/** Opens {@link TensorFloat32} to the benchmark, in whose processes nothing else would set it. */
public final class ProcessTensorFloat32 {

  private ProcessTensorFloat32() {}

  /** Decides whether this process's products on GPUs may be in TF32. */
  public static void allow(boolean allowed) {
    TensorFloat32.allow(allowed);
  }
}

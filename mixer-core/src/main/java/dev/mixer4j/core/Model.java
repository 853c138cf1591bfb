package dev.mixer4j.core;

/** Weights of a file, with everything that the file says about them. */
public interface Model extends Weights {

  /** {@return class names, image transform and origin, as far as they are known} */
  ModelInfo info();
}

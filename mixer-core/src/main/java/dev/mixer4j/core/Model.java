package dev.mixer4j.core;

/** The weights of a file together with the file's description of them. */
public interface Model extends Weights {

  /** {@return class names, image transform and origin, as far as they are known} */
  ModelInfo info();
}

package dev.mixer4j.finetune.progress;

import dev.mixer4j.core.MixerException;

/** A loss or gradient that is no finite number any more: every later step would be wasted. */
public final class DivergenceException extends MixerException {

  private static final long serialVersionUID = 1L;

  public DivergenceException(String message) {
    super(message);
  }
}

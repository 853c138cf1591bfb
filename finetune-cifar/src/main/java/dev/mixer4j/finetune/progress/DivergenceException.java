package dev.mixer4j.finetune.progress;

import dev.mixer4j.core.MixerException;

/** An exception for a loss or gradient that is not finite: further training would be useless. */
public final class DivergenceException extends MixerException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message for a person
   */
  public DivergenceException(String message) {
    super(message);
  }
}

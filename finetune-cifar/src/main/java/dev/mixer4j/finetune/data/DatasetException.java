package dev.mixer4j.finetune.data;

import dev.mixer4j.core.MixerException;

/** Thrown for images or labels that cannot be used; names file, place and remedy. */
public final class DatasetException extends MixerException {

  private static final long serialVersionUID = 1L;

  DatasetException(String message) {
    super(message);
  }

  DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}

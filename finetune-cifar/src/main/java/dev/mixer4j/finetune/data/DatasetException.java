package dev.mixer4j.finetune.data;

import dev.mixer4j.core.MixerException;

/**
 * Images or labels that cannot be used. The message names the file and place, what was expected and
 * found, and what to do.
 */
public final class DatasetException extends MixerException {

  private static final long serialVersionUID = 1L;

  DatasetException(String message) {
    super(message);
  }

  DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.mixer4j.finetune.data;

import dev.mixer4j.core.MixerException;

/**
 * Images or labels that cannot be used. Its message is for a person: the file, the byte or record,
 * what was expected, what was found, what to do.
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

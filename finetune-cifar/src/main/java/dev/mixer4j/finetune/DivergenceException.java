package dev.mixer4j.finetune;

/** A loss that is no finite number any more: every later step would be wasted. */
final class DivergenceException extends Exception {

  private static final long serialVersionUID = 1L;

  DivergenceException(String message) {
    super(message);
  }
}

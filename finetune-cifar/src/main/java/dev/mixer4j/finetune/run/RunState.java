package dev.mixer4j.finetune.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * The progress of a run. With the tensors of a checkpoint it determines the rest of the run: all
 * random choices follow from the seed and the step.
 *
 * @param step updates so far
 * @param before accuracy of the start weights; NaN until measured
 * @param latest accuracy at the latest measurement
 * @param best the highest accuracy measured; negative until there is one
 * @param bestStep updates before it
 * @param sinceBest measurements since then
 */
record RunState(
    long step,
    double before,
    double latest,
    double best,
    long bestStep,
    int sinceBest,
    double seconds) {

  private static final JsonMapper JSON = new JsonMapper();

  static final RunState START = new RunState(0, Double.NaN, Double.NaN, -1, 0, 0, 0);

  /** After a measurement. The first of equally good ones is the best. */
  RunState measured(double accuracy) {
    return accuracy > best
        ? new RunState(step, before, accuracy, accuracy, step, 0, seconds)
        : new RunState(step, before, accuracy, best, bestStep, sinceBest + 1, seconds);
  }

  /** With patience again, for a run that stopped early and is extended. */
  RunState patient() {
    return new RunState(step, before, latest, best, bestStep, 0, seconds);
  }

  RunState started(double accuracy) {
    return new RunState(step, accuracy, accuracy, best, bestStep, sinceBest, seconds);
  }

  RunState at(long newStep, double newSeconds) {
    return new RunState(newStep, before, latest, best, bestStep, sinceBest, newSeconds);
  }

  String toText() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads the text of {@link #toText}; {@link IllegalArgumentException} for any other. */
  static RunState of(String text) {
    try {
      return JSON.readValue(text, RunState.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }
}

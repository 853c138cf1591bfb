package dev.mixer4j.finetune.report;

import dev.mixer4j.weights.command.Version;
import org.tensorflow.TensorFlow;

/** The software and machine that computed a result. */
public record Versions(
    String mixer4j, String tensorflow, String java, String system, int processors) {

  /** Of this process; loads TensorFlow. */
  public static Versions current() {
    return new Versions(
        new Version().getVersion()[0],
        TensorFlow.version(),
        Runtime.version().toString(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors());
  }
}

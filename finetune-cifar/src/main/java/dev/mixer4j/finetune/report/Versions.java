package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.weights.command.Version;
import org.tensorflow.TensorFlow;

/** What computed a result. */
public final class Versions {

  private Versions() {}

  /** Versions as a report and {@code config.json} have them; loads TensorFlow. */
  public static ObjectNode toJson() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("mixer4j", new Version().getVersion()[0])
        .put("tensorflow", TensorFlow.version())
        .put("java", Runtime.version().toString())
        .put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .put("processors", Runtime.getRuntime().availableProcessors());
  }
}

package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * What a report says about a run beside its metrics.
 *
 * @param command the words that started the run, {@code finetune-cifar} first
 * @param config the content of {@code config.json}; each object in it becomes a table
 * @param weights the file whose scores are reported, such as {@code best.h5}
 * @param epoch of the weights, counting from 1; 0 if they were not trained here
 * @param seconds that the run took
 */
public record RunSummary(
    List<String> command, JsonNode config, String weights, int epoch, double seconds) {

  /** The command for a shell, with quotes where needed. */
  public String commandLine() {
    return String.join(" ", command.stream().map(RunSummary::quote).toList());
  }

  private static String quote(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}

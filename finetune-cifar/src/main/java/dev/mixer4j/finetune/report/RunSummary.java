package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * A run's data in a report, beside its metrics.
 *
 * @param command line by words, {@code finetune-cifar} first
 * @param config {@code config.json}; each member that is an object becomes a table
 * @param weights the file whose scores are reported, such as {@code best.h5}
 * @param epoch of the weights, from 1; 0 if they were not trained here
 * @param split of the images whose scores are reported: test or validation
 */
public record RunSummary(
    List<String> command,
    JsonNode config,
    String weights,
    int epoch,
    String split,
    double seconds) {

  /** The command for a shell, quoted where needed. */
  public String commandLine() {
    return String.join(" ", command.stream().map(RunSummary::quote).toList());
  }

  private static String quote(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}

package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * What a report says of a run beside its metrics.
 *
 * @param command the words that the run was started with, {@code finetune-cifar} first
 * @param config what {@code config.json} holds: settings, weights, data, versions; each member that
 *     is an object becomes a table of the report
 * @param weights the file whose scores are reported, such as {@code best.h5}
 * @param epoch that the weights are of, counting from 1; 0 if they were not trained here
 * @param seconds that the run took
 */
public record RunSummary(
    List<String> command, JsonNode config, String weights, int epoch, double seconds) {

  /** The command for a shell, each word quoted that needs it. */
  public String commandLine() {
    return String.join(" ", command.stream().map(RunSummary::quote).toList());
  }

  private static String quote(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}

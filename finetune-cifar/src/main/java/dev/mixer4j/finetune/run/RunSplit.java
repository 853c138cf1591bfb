package dev.mixer4j.finetune.run;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * How the run that made some weights split its data.
 *
 * @param validationFraction 0 if nothing was held out
 */
public record RunSplit(Path data, double validationFraction, long splitSeed) {

  /** The split of the run in whose folder the weights are; empty if they are in none. */
  public static Optional<RunSplit> of(Path weights) throws IOException {
    Path folder = weights.toAbsolutePath().getParent();
    if (folder == null || !Files.isRegularFile(folder.resolve(RunFolder.CONFIG))) {
      return Optional.empty();
    }
    try {
      RunRequest run = RunConfig.read(folder).request();
      return Optional.of(
          new RunSplit(
              run.data(),
              Objects.requireNonNullElse(run.settings().validationFraction(), 0.0),
              run.splitSeed()));
    } catch (MixerException e) { // the config.json of something else
      return Optional.empty();
    }
  }

  /** Whether a data set is the one that was split. */
  public boolean isOf(Path other) throws IOException {
    return Files.exists(data) && Files.exists(other) && Files.isSameFile(data, other);
  }

  /** As options of a command. */
  @Override
  public String toString() {
    return "--validation-fraction %s --split-seed %d".formatted(validationFraction, splitSeed);
  }
}

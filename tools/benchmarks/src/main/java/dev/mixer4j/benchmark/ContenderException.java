package dev.mixer4j.benchmark;

import dev.mixer4j.core.MixerException;
import java.util.List;
import java.util.regex.Pattern;

/** A contender's process ended before its time. */
final class ContenderException extends MixerException {

  private static final long serialVersionUID = 1;

  /** As TensorFlow, XLA, PyTorch, C++ and Java say it. */
  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile(
          "out of memory|OutOfMemory|OOM when|RESOURCE_EXHAUSTED|ResourceExhausted|ALLOC_FAILED"
              + "|can't allocate memory|bad_alloc");

  private static final Pattern REASON =
      Pattern.compile("^(error:|[A-Za-z_.]*(Error|Exception)\\b).*");

  /** A process that is killed ends with this and the signal's number; the kernel's is 9. */
  private static final int KILLED = 128 + 9;

  private final boolean outOfMemory;

  /**
   * Takes the reason from what the process wrote.
   *
   * @param said all of its stderr
   */
  ContenderException(String name, int exitCode, String said) {
    super(name + ": " + reason(exitCode, said));
    outOfMemory = exitCode == KILLED || OUT_OF_MEMORY.matcher(said).find();
  }

  /** Whether it was memory that it lacked, the device's or the machine's. */
  boolean outOfMemory() {
    return outOfMemory;
  }

  private static String reason(int exitCode, String said) {
    List<String> lines = said.lines().filter(line -> REASON.matcher(line).matches()).toList();
    if (!lines.isEmpty()) {
      return lines.get(lines.size() - 1).replaceFirst("^error: ", "");
    }
    String end = said.substring(Math.max(0, said.length() - 2000)).strip();
    return "ended with code %d%s".formatted(exitCode, end.isEmpty() ? "" : ": " + end);
  }
}

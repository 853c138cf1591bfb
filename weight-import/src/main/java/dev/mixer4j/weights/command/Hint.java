package dev.mixer4j.weights.command;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Command lines that the user can paste into a shell. */
public final class Hint {

  private static final String STARTED_AS = "mixer4j.command"; // set by the launchers

  /** Words that no shell changes. */
  private static final Pattern PLAIN =
      Pattern.compile("[\\p{L}\\p{N}_@+:,./-][\\p{L}\\p{N}_@+=:,./-]*");

  private Hint() {}

  /**
   * A command line, in quotes for a sentence where it stands.
   *
   * @param program {@code import-weights} or {@code finetune-cifar}; it gets the folder that the
   *     user gave of the running one
   */
  public static String command(String program, Object... words) {
    String own = System.getProperty(STARTED_AS, program);
    List<String> all = new ArrayList<>();
    all.add(own.substring(0, own.lastIndexOf('/') + 1) + program);
    for (Object word : words) {
      all.add(word.toString());
    }
    return line(all);
  }

  /** Joins words, quoted where a shell would change them. */
  public static String line(List<String> words) {
    return words.stream().map(Hint::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    if (PLAIN.matcher(word).matches()) {
      return word;
    }
    return System.getProperty("os.name").startsWith("Windows")
        ? "\"" + word + "\""
        : "'" + word.replace("'", "'\\''") + "'";
  }
}

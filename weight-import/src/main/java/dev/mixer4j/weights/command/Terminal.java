package dev.mixer4j.weights.command;

import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.PrintStream;

/**
 * The user's terminal, as the launchers hand it over. TensorFlow and HDF5 write to the process's
 * stderr from native code, where Java cannot stop them: so the launchers filter that one, and give
 * the real stderr under another path, for our messages alone.
 */
public final class Terminal {

  /** The path of the real stderr. */
  private static final String STDERR = "mixer4j.stderr";

  /** The width of the terminal that stderr is; absent where it is none. */
  private static final String COLUMNS = "mixer4j.columns";

  private Terminal() {}

  /** Makes {@code System.err} the real stderr, where a launcher names it. */
  static void useLaunchersStderr() {
    String path = System.getProperty(STDERR);
    if (path != null) {
      try {
        // Never closed: it lives as long as the process.
        System.setErr(new PrintStream(new FileOutputStream(path, true), true));
      } catch (FileNotFoundException e) {
        // Some stderr, a socket's for one, cannot be opened by path: the filtered one is left.
        return;
      }
    }
  }

  /** Whether a person watches stderr. */
  public static boolean isInteractive() {
    return columns() > 0;
  }

  static int columns() {
    return Integer.getInteger(COLUMNS, 0);
  }
}

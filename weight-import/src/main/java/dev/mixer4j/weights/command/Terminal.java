package dev.mixer4j.weights.command;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;

/**
 * The user's terminal, as the launchers hand it over. TensorFlow and HDF5 write to the process's
 * stderr from native code, where Java cannot stop them: so the launchers filter that one, and give
 * the real stderr as another file descriptor, for our messages alone.
 */
public final class Terminal {

  private static final String STDERR = "mixer4j.stderr"; // its file descriptor's number
  private static final String COLUMNS = "mixer4j.columns"; // absent where stderr is no terminal
  private static final String OUT_COLUMNS = "mixer4j.columns.out"; // the same for stdout

  private Terminal() {}

  /**
   * Makes {@code System.err} the real stderr, where a launcher names it. Opened by its path under
   * {@code /dev/fd} a file would have a position of its own, and others would write over it.
   */
  static void useLaunchersStderr() {
    Integer number = Integer.getInteger(STDERR);
    if (number == null) {
      return;
    }
    try {
      Constructor<FileDescriptor> constructor =
          FileDescriptor.class.getDeclaredConstructor(int.class);
      constructor.setAccessible(true); // the launchers open java.io for this
      // Never closed: it lives as long as the process.
      FileOutputStream stderr = new FileOutputStream(constructor.newInstance(number));
      System.setErr(new PrintStream(stderr, true));
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      // The filtered one is left, and serves.
    }
  }

  public static boolean isInteractive() {
    return columns() > 0;
  }

  /** The width of stderr in characters; 0 where it is no terminal. */
  public static int columns() {
    return Integer.getInteger(COLUMNS, 0);
  }

  /** The width of stdout in characters; 0 where it is no terminal. */
  public static int outColumns() {
    return Integer.getInteger(OUT_COLUMNS, 0);
  }
}

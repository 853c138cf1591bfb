package dev.mixer4j.weights.write;

import java.io.OutputStream;
import java.io.PrintStream;

/**
 * The HDF Group's library, by way of JavaCPP. It has builds for Linux, Windows and macOS on x86-64,
 * and the jar with the build need not be there.
 */
final class NativeHdf5 {

  /** {@code java} keeps the library from being used. */
  private static final String PROPERTY = "mixer4j.hdf5";

  /** Loaded once, when a file is first written. */
  private static final class Library {
    private static final boolean LOADED = load();
  }

  private NativeHdf5() {}

  /** Whether the library is there; loads it. */
  static boolean isAvailable() {
    return !"java".equals(System.getProperty(PROPERTY)) && Library.LOADED;
  }

  /**
   * JavaCPP warns that its version is not the one that HDF5's newest artifact was made with. That
   * is known, and tested.
   */
  private static boolean load() {
    PrintStream err = System.err;
    PrintStream quiet = new WithoutWarning(err);
    System.setErr(quiet);
    try {
      Class.forName("org.bytedeco.hdf5.global.hdf5");
      return true;
    } catch (ClassNotFoundException | LinkageError e) { // no jar, or none for this machine
      return false;
    } finally {
      if (System.err == quiet) {
        System.setErr(err);
      }
    }
  }

  /** Passes on everything but JavaCPP's warning about versions, whoever writes it. */
  private static final class WithoutWarning extends PrintStream {
    WithoutWarning(OutputStream out) {
      super(out, true);
    }

    @Override
    public void println(String line) {
      if (line == null || !line.startsWith("Warning: Version")) {
        super.println(line);
      }
    }
  }
}

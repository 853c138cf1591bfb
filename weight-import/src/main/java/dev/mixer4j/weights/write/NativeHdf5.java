package dev.mixer4j.weights.write;

import java.io.OutputStream;
import java.io.PrintStream;

/**
 * The HDF Group's library, by way of JavaCPP. It has builds for Linux, Windows and macOS on x86-64,
 * and the jar with the build need not be there.
 */
final class NativeHdf5 {

  private static final String PROPERTY = "mixer4j.hdf5"; // "java" keeps it from being used

  /** Loaded once, when a file is first written. */
  private static final class Library {
    private static final boolean LOADED = load();
  }

  private NativeHdf5() {}

  static boolean isAvailable() {
    return !"java".equals(System.getProperty(PROPERTY)) && Library.LOADED;
  }

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

  /** Drops JavaCPP's warning that HDF5's artifact was made with another version: it is tested. */
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

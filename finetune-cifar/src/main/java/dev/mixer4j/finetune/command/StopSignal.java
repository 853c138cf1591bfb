package dev.mixer4j.finetune.command;

import java.io.PrintWriter;
import org.jline.utils.Signals;

/** Stops a training after its step on Ctrl-C or SIGTERM; a second signal ends the process. */
final class StopSignal implements AutoCloseable {

  /** The exit code of processes that Ctrl-C ended, as shells report it. */
  static final int EXIT_CODE = 130;

  private final Object interrupt;
  private final Object terminate;
  private volatile boolean requested;

  StopSignal(PrintWriter err) {
    Runnable listener = () -> signalled(err);
    interrupt = Signals.register("INT", listener);
    terminate = Signals.register("TERM", listener);
  }

  private void signalled(PrintWriter err) {
    if (requested) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
    requested = true;
    err.println("stopping after this step; once more to stop at once");
  }

  boolean isRequested() {
    return requested;
  }

  @Override
  public void close() {
    Signals.unregister("INT", interrupt);
    Signals.unregister("TERM", terminate);
  }
}

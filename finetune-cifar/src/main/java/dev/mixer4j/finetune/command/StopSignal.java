package dev.mixer4j.finetune.command;

import java.io.PrintWriter;
import org.jline.utils.Signals;

/**
 * Lets Ctrl-C, or a system that shuts down, end a training in good order: the first time it asks,
 * the second time it ends the process. To be closed when there is nothing more to end.
 */
final class StopSignal implements AutoCloseable {

  /** What shells report of a process that Ctrl-C ended. */
  static final int EXIT_CODE = 130;

  private final Object interrupt;
  private final Object terminate;
  private volatile boolean requested;

  /** Listens to the process's signals. */
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
    err.flush();
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

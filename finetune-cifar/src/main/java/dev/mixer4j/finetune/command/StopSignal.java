package dev.mixer4j.finetune.command;

import java.util.function.Consumer;
import org.jline.utils.Signals;

/** Stops a training after its step on Ctrl-C or SIGTERM; a second signal ends the process. */
final class StopSignal implements AutoCloseable {

  /** The exit code of processes that Ctrl-C ended, as shells report it. */
  static final int EXIT_CODE = 130;

  private final Object interrupt;
  private final Object terminate;
  private volatile boolean requested;

  StopSignal(Consumer<String> say) {
    Runnable listener = () -> signalled(say);
    interrupt = Signals.register("INT", listener);
    terminate = Signals.register("TERM", listener);
  }

  private void signalled(Consumer<String> say) {
    if (requested) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
    requested = true;
    say.accept("stopping after this step; once more to stop at once");
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

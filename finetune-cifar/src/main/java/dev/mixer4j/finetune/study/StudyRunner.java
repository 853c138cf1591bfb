package dev.mixer4j.finetune.study;

import dev.mixer4j.finetune.FineTuning;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Makes the trainings of a study that are missing, several at a time, each in a process of its own:
 * a training that fails, or is killed for memory, leaves the others alone.
 *
 * @param folder of the study
 * @param main the class whose main method is the {@code finetune-cifar} command
 */
public record StudyRunner(StudyFolder folder, String main) {

  /** Exit code of a training that was stopped by a signal. */
  private static final int STOPPED = 130;

  /**
   * How a training ended.
   *
   * @param run the training
   * @param problem in words; empty if it is finished
   * @param stopped whether it was stopped from outside
   */
  public record Outcome(StudyRun run, String problem, boolean stopped) {}

  /**
   * Makes the trainings.
   *
   * @param jobs how many at a time
   * @param listener hears of each training that ended, and of those that were finished before; one
   *     call at a time
   * @return whether all were made or failed; false if they were stopped
   */
  public boolean run(int jobs, Consumer<Outcome> listener) throws IOException {
    AtomicBoolean stopped = new AtomicBoolean();
    ExecutorService pool = Executors.newFixedThreadPool(jobs);
    List<Future<?>> all = new ArrayList<>();
    try {
      for (StudyRun run : folder.study().runs()) {
        all.add(
            pool.submit(
                () -> {
                  if (stopped.get()) {
                    return;
                  }
                  Outcome outcome = train(run);
                  stopped.compareAndSet(false, outcome.stopped);
                  synchronized (listener) {
                    listener.accept(outcome);
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(folder.path() + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stopped.set(true);
    } finally {
      pool.shutdownNow();
    }
    return !stopped.get();
  }

  private Outcome train(StudyRun run) {
    Path out = folder.folder(run);
    if (FineTuning.isFinished(out)) {
      return new Outcome(run, "", false);
    }
    try {
      List<String> command = java();
      command.add("train");
      if (Files.exists(out.resolve("config.json"))) {
        command.add("--resume=" + out);
      } else {
        command.addAll(run.options());
        command.addAll(List.of("--data=" + folder.data(), "--out=" + out, "--overwrite"));
      }
      Path log = folder.log(run);
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      // The study's end, even by a kill, closes the process's standard input, and that ends it.
      int code = process.waitFor();
      if (code == 0 && FineTuning.isFinished(out)) {
        return new Outcome(run, "", false);
      }
      return new Outcome(run, problem(log, code), code == STOPPED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(run, "stopped", true);
    }
  }

  /** This Java with its options, and as many processors as a training may use. */
  private List<String> java() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      // A child does not inherit that stream, and two processes cannot share a debugger's port.
      if (!option.startsWith("-Dmixer4j.stderr=") && !option.startsWith("-agentlib")) {
        command.add(option);
      }
    }
    command.add("-XX:ActiveProcessorCount=" + folder.threads());
    command.add("-cp");
    String modules = System.getProperty("jdk.module.path", "");
    String classes = System.getProperty("java.class.path", "");
    command.add(modules.isEmpty() ? classes : modules + File.pathSeparator + classes);
    command.addAll(List.of(StudyChild.class.getName(), main));
    return command;
  }

  /** The last error that a training told, or its exit code. */
  private static String problem(Path log, int code) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> line.startsWith("error: "))
            .toList();
    return lines.isEmpty()
        ? "exit code " + code + ", see " + log
        : lines.get(lines.size() - 1).substring("error: ".length());
  }
}

package dev.mixer4j.finetune.command;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.report.RunRecord;
import dev.mixer4j.finetune.report.StudyPage;
import dev.mixer4j.finetune.study.Study;
import dev.mixer4j.finetune.study.StudyFolder;
import dev.mixer4j.finetune.study.StudyRun;
import dev.mixer4j.finetune.study.StudyRunner;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Hint;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The {@code finetune-cifar study} command. */
@Command(
    name = "study",
    description = {
      "Trains with all combinations of some settings, and shows them side by side in study.html.",
      "STUDY is a JSON file with the settings of all trainings (base), and lists of values for those"
          + " that vary (vary), or one of this program: epochs, learning-rates, optimizers, depth,"
          + " networks, all for MNIST. Settings are the options of train, with underscores.",
      "Trainings that are finished are not made again: the same command, or --resume DIR, continues a"
          + " study that was stopped."
    })
final class StudyCommand extends Subcommand {

  @Parameters(paramLabel = "STUDY", arity = "0..1", description = "A file, or a name.")
  private String name;

  @Option(names = "--data", paramLabel = "DATA", description = "The images, as for train.")
  private Path data;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Folder for the study's files.")
  private Path out;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Continue the study of this folder.")
  private Path resume;

  @Option(
      names = "--jobs",
      defaultValue = "1",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description =
          "Trainings at a time, each with its share of the processors (default: ${DEFAULT-VALUE}). A"
              + " study that is continued keeps the share.")
  private int jobs;

  @Mixin private TableOptions table;

  @Override
  public Integer call() throws IOException {
    StudyFolder folder = folder();
    FileChannel lock = folder.lock();
    try {
      List<StudyRun> runs = folder.study().runs();
      Map<String, String> problems = new HashMap<>();
      int[] ended = new int[1];
      PrintWriter err = err();
      err.println("%d trainings, %d threads each".formatted(runs.size(), folder.threads()));
      boolean done =
          new StudyRunner(folder, FinetuneCifar.class.getName())
              .run(
                  jobs,
                  outcome -> {
                    problems.put(outcome.run().name(), outcome.problem());
                    err.println(
                        "%d of %d  %s".formatted(++ended[0], runs.size(), line(folder, outcome)));
                    writePage(folder, problems);
                  });
      table.print(page(folder, problems).table(), out());
      if (!table.isForPrograms()) {
        print("study: %s", folder.path().resolve(StudyPage.HTML));
      }
      if (!done) {
        print(
            "stopped; '%s' continues",
            Hint.command("finetune-cifar", "study", "--resume", folder.path()));
        return StopSignal.EXIT_CODE;
      }
      return problems.values().stream().allMatch(String::isEmpty) ? Cli.DONE : Cli.CHECK_FAILED;
    } finally {
      lock.close();
    }
  }

  private StudyFolder folder() throws IOException {
    if (resume != null) {
      if (name != null || data != null || out != null) {
        throw usage("--resume takes the study and its data from the folder");
      }
      return StudyFolder.open(resume);
    }
    Map<String, Object> required = new LinkedHashMap<>();
    required.put("STUDY", name);
    required.put("--data=DATA", data);
    required.put("--out=DIR", out);
    require(required);
    Study study = Study.load(name);
    for (StudyRun run : study.runs()) {
      check(run);
    }
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / jobs);
    return StudyFolder.create(out, study, data, threads);
  }

  /** Finds wrong settings before anything is trained. */
  private void check(StudyRun run) throws IOException {
    TrainCommand train = new TrainCommand();
    List<String> words = new ArrayList<>(run.options());
    words.addAll(
        List.of(
            "--data=" + data, "--out=" + out.resolve("runs").resolve(run.name()), "--overwrite"));
    try {
      new CommandLine(train).parseArgs(words.toArray(String[]::new));
      train.check();
    } catch (ParameterException e) {
      throw usage(name + ", " + run.name() + ": " + Cli.message(e));
    }
  }

  private static String line(StudyFolder folder, StudyRunner.Outcome outcome) {
    StudyRun run = outcome.run();
    if (!outcome.problem().isEmpty()) {
      return run.name() + "  " + outcome.problem();
    }
    try {
      RunRecord record = RunRecord.read(folder.folder(run));
      return "%s  %.2f%%, best %.2f%%, %.0f s"
          .formatted(
              run.name(),
              100 * record.last().orElseThrow().accuracy(),
              100 * record.best().orElseThrow().accuracy(),
              record.seconds());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writePage(StudyFolder folder, Map<String, String> problems) {
    try {
      page(folder, problems).write(folder.path());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static StudyPage page(StudyFolder folder, Map<String, String> problems)
      throws IOException {
    List<StudyPage.Result> results = new ArrayList<>();
    for (StudyRun run : folder.study().runs()) {
      RunRecord record = null;
      long parameters = 0;
      if (Files.exists(folder.folder(run).resolve("config.json"))) {
        record = RunRecord.read(folder.folder(run));
        parameters = parameters(record);
      }
      results.add(
          new StudyPage.Result(
              run.name(),
              run.combination(),
              record,
              problems.getOrDefault(run.name(), ""),
              parameters));
    }
    String title = "Study of " + folder.path().toAbsolutePath().normalize().getFileName();
    return new StudyPage(title, results);
  }

  private static long parameters(RunRecord record) {
    try {
      return NetworkJson.read(record.config().path("network")).parameterCount();
    } catch (IllegalArgumentException | MixerException e) {
      return 0;
    }
  }
}

package dev.mixer4j.finetune.command;

import dev.mixer4j.core.Device;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "doctor",
    sortOptions = false,
    description = {
      "Checks everything that TensorFlow needs to compute on an NVIDIA GPU, and says what to do about"
          + " missing parts.",
      "At the end it trains a small network on the GPU and on the CPU. The exit code is 0 if both"
          + " agree, otherwise 1."
    })
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      converter = DeviceOption.Converter.class,
      description = "The GPU to train on, such as gpu:1 (default: gpu).")
  private Device device;

  @Option(names = "--json", description = "One JSON array, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<Doctor.Finding> findings =
        new Doctor(device == null ? Device.parse("gpu") : device).findings();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.text(findings));
    } else {
      for (int i = 0; i < findings.size(); i++) {
        Doctor.Finding finding = findings.get(i);
        String mark = finding.ok() ? "ok" : finding.needed() ? "MISSING" : "without";
        out.println("%-8s%-18s %s".formatted(mark, finding.part(), finding.found()));
        // One remedy may be for several findings in a row.
        String next = i + 1 < findings.size() ? findings.get(i + 1).remedy() : "";
        if (!finding.remedy().isEmpty() && !finding.remedy().equals(next)) {
          out.println(" ".repeat(27) + finding.remedy());
        }
      }
    }
    out.flush();
    return findings.get(findings.size() - 1).ok() ? Cli.DONE : Cli.CHECK_FAILED;
  }
}

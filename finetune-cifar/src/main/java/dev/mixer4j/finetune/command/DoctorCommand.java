package dev.mixer4j.finetune.command;

import dev.mixer4j.core.Device;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description = {
      "Checks everything that TensorFlow needs to compute on an NVIDIA GPU, and says what to do about"
          + " missing parts.",
      "At the end it trains a small network on the GPU and on the CPU. The exit code is 0 if both"
          + " agree, otherwise 1."
    })
final class DoctorCommand extends Subcommand {

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
    if (json) {
      out().println(Json.text(findings));
    } else {
      for (int i = 0; i < findings.size(); i++) {
        Doctor.Finding finding = findings.get(i);
        String mark = finding.ok() ? "ok" : finding.needed() ? "MISSING" : "without";
        print("%-8s%-18s %s", mark, finding.part(), finding.found());
        // One remedy may be for several findings in a row.
        String next = i + 1 < findings.size() ? findings.get(i + 1).remedy() : "";
        if (!finding.remedy().isEmpty() && !finding.remedy().equals(next)) {
          out().println(" ".repeat(27) + finding.remedy());
        }
      }
    }
    return findings.get(findings.size() - 1).ok() ? Cli.DONE : Cli.CHECK_FAILED;
  }
}

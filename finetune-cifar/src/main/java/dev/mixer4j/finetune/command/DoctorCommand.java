package dev.mixer4j.finetune.command;

import dev.mixer4j.core.Device;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.util.ArrayList;
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

  private String remedy = "";

  @Override
  public Integer call() throws IOException {
    Doctor doctor = new Doctor(device == null ? Device.parse("gpu") : device);
    List<Doctor.Finding> findings = new ArrayList<>();
    Doctor.Finding last = doctor.examine(json ? findings::add : this::print);
    if (json) {
      printJson(Json.text(findings));
    } else {
      printRemedy();
    }
    return last.ok() ? Cli.DONE : Cli.CHECK_FAILED;
  }

  private void print(Doctor.Finding finding) {
    // One remedy may be for several findings in a row.
    if (!finding.remedy().equals(remedy)) {
      printRemedy();
    }
    String mark = finding.ok() ? "ok" : finding.needed() ? "MISSING" : "without";
    print("%-8s%-18s %s", mark, finding.part(), finding.found());
    out().flush();
    remedy = finding.remedy();
  }

  private void printRemedy() {
    if (!remedy.isEmpty()) {
      out().println(" ".repeat(27) + remedy);
    }
  }
}

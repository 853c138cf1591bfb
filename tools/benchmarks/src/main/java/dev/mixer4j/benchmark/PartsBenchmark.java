package dev.mixer4j.benchmark;

import dev.mixer4j.weights.command.Cli;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;

@Command(
    name = "parts",
    description =
        "JMH's times of stem, blocks and GELU, forward and backward, on 8 images of B/16's size.")
final class PartsBenchmark implements Callable<Integer> {

  @Override
  public Integer call() throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include("^" + Parts.class.getName())
                .jvmArgsAppend("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0")
                .build())
        .run();
    return Cli.DONE;
  }
}

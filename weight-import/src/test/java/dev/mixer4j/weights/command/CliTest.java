package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.weights.Fixtures;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class CliTest {

  @Command(name = "fail")
  private record Failing(Exception failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      throw failure;
    }
  }

  static Stream<Arguments> failures() {
    IOException plain = new IOException("w.h5: the disk is gone");
    return Stream.of(
        Arguments.of(new MixerException("w.h5: bad"), 3, "w.h5: bad"),
        Arguments.of(plain, 3, "w.h5: the disk is gone"),
        Arguments.of(new UncheckedIOException(plain), 3, "w.h5: the disk is gone"),
        Arguments.of(new UncheckedIOException("w.h5: x", new EOFException()), 3, "w.h5: x"),
        Arguments.of(new NoSuchFileException("w.h5"), 3, "w.h5: no such file"),
        Arguments.of(
            new UncheckedIOException(new NoSuchFileException("w.h5")), 3, "w.h5: no such file"),
        Arguments.of(new NoSuchFileException("d", null, "no folder"), 3, "d: no folder"),
        Arguments.of(new FileNotFoundException("w.h5"), 3, "w.h5: no such file"),
        Arguments.of(new AccessDeniedException("w.h5"), 3, "w.h5: permission denied"),
        Arguments.of(
            new FileAlreadyExistsException("w.h5"),
            2,
            "w.h5: it is there already; --overwrite replaces it"),
        Arguments.of(new FileAlreadyExistsException("w", null, "a folder"), 2, "w: a folder"),
        Arguments.of(new ClosedChannelException(), 3, "java.nio.channels.ClosedChannelException"),
        Arguments.of(
            new IllegalStateException("oops"),
            4,
            "this should not happen: java.lang.IllegalStateException: oops; --verbose shows"
                + " where. Please report it"),
        Arguments.of(
            new MixerException("tensor '\u001b[2J\nerror: all is well' is no"),
            3,
            "tensor '\\u001b[2J\\u000aerror: all is well' is no"),
        Arguments.of(
            new MixerException("at \u009b1m \u202egnp.exe\u2066 \u200f, \ttab é 猫 \ud83d\ude00"),
            3,
            "at \\u009b1m \\u202egnp.exe\\u2066 \\u200f, \ttab é 猫 \ud83d\ude00"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void anErrorIsOneMessageAndAnExitCode(Exception failure, int code, String message) {
    StringWriter err = new StringWriter();
    CommandLine line = Cli.commandLine(new Failing(failure)).setErr(new PrintWriter(err));
    assertThat(line.execute()).isEqualTo(code);
    assertThat(err.toString()).isEqualTo("error: " + message + System.lineSeparator());
  }

  /** Of the machine: they end the process with code 4, for which Java's own would be 1. */
  @Test
  void anErrorOfTheMachineIsExplained() {
    Error library = new ExceptionInInitializerError(new UnsatisfiedLinkError("no jnitensorflow"));
    assertThat(Cli.message(library)).contains("a native library cannot be loaded", "jnitensorflow");
    Error files = new NoClassDefFoundError("picocli/CommandLine");
    assertThat(Cli.message(files))
        .contains("picocli/CommandLine; can files be opened (ulimit -n)?");
    assertThat(Cli.message(new OutOfMemoryError())).contains("out of memory; JAVA_OPTS=-Xmx4g");
    assertThat(Cli.message(new StackOverflowError())).contains("this should not happen");
  }

  @Test
  void stackTraceOnlyWithVerbose() {
    String file = Fixtures.path("hostile_eval.pth").toString();
    assertThat(CommandRun.of("inspect", file).err()).doesNotContain("\tat ");
    for (String[] command :
        new String[][] {{"inspect", "--verbose", file}, {"--verbose", "inspect", file}}) {
      CommandRun run = CommandRun.of((Object[]) command);
      assertThat(run.err().lines().findFirst().orElseThrow()).startsWith("error: " + file);
      assertThat(run.err())
          .contains("UnsupportedFileException", "\tat dev.mixer4j.weights.format.pickle.Pickle");
      assertThat(run.code()).isEqualTo(3);
    }
  }

  @Test
  void commandsThatAreMissingOrUnknown() {
    CommandRun none = CommandRun.of();
    assertThat(none.err()).startsWith("error: ").contains("Try 'import-weights --help'.");
    assertThat(none.code()).isEqualTo(2);

    CommandRun unknown = CommandRun.of("inspekt", "x");
    assertThat(unknown.err()).startsWith("error: ").contains("inspekt");
    assertThat(unknown.code()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"convert", "inspect", "verify"})
  void help(String command) {
    CommandRun run = CommandRun.of(command, "--help");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("Usage: import-weights " + command, "--verbose", "Exit codes");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void helpAndVersion() {
    assertThat(CommandRun.of("--help").out()).contains("convert", "inspect", "verify");
    CommandRun version = CommandRun.of("--version");
    assertThat(version.out()).startsWith("Mixer4J ");
    assertThat(version.code()).isZero();
  }
}

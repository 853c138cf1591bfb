package dev.mixer4j.weights.command;

import dev.mixer4j.core.MixerException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParseResult;

/** The common part of all commands: exit codes, and errors as one message on stderr. */
public final class Cli {

  public static final int DONE = 0;
  public static final int CHECK_FAILED = 1; // the command ran, and what it checked does not hold
  public static final int USAGE = 2;
  public static final int BAD_INPUT = 3;
  public static final int INTERNAL = 4; // an error of the program, or the machine's limits

  private Cli() {}

  /** A command line, not run yet, that reports errors as one message and an exit code. */
  public static CommandLine commandLine(Object command) {
    return new CommandLine(command) {
      @Override
      public ParseResult parseArgs(String... words) {
        return super.parseArgs(UsageErrors.renamed(getCommandSpec(), words));
      }
    }.setUsageHelpWidth(helpWidth())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Cli::report)
        .setParameterExceptionHandler(Cli::reportUsage);
  }

  /** As wide as the terminal, within limits in which help can be read. */
  private static int helpWidth() {
    int columns = Terminal.outColumns();
    return columns == 0 ? 80 : Math.max(55, Math.min(100, columns));
  }

  public static void main(Object command, String... args) {
    Terminal.useLaunchersStderr();
    Stdout stdout = new Stdout();
    System.setOut(new PrintStream(new BufferedOutputStream(stdout)));
    int code;
    try {
      code = commandLine(command).execute(args);
    } catch (Error e) { // Java's own code for it would be 1
      System.err.println("error: " + LineWriter.escape(message(e)));
      code = INTERNAL;
    }
    System.out.flush();
    if (stdout.failure != null && code == DONE) {
      System.err.println("error: the output could not be written: " + stdout.failure);
      code = BAD_INPUT;
    }
    System.exit(code);
  }

  private static int reportUsage(CommandLine.ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    printError(line, UsageErrors.message(e));
    List<String> words = new ArrayList<>(List.of(line.getCommandSpec().qualifiedName().split(" ")));
    words.add("--help");
    String help = Hint.command(words.remove(0), words.toArray());
    line.getErr().println("Try '" + help + "'.");
    return USAGE;
  }

  private static int report(Exception e, CommandLine line, ParseResult parsed) {
    printError(line, message(e));
    if (isVerbose(parsed)) {
      e.printStackTrace(new LineWriter(line.getErr()));
    }
    return code(e);
  }

  private static boolean isVerbose(ParseResult parsed) {
    boolean verbose = parsed.hasMatchedOption("--verbose"); // before the subcommand's name
    return verbose || parsed.hasSubcommand() && isVerbose(parsed.subcommand());
  }

  static void printError(CommandLine line, String message) {
    PrintWriter err = line.getErr();
    err.println(Ansi.AUTO.string("@|bold,red error:|@ ") + LineWriter.escape(message));
    err.flush();
  }

  private static int code(Exception e) {
    if (e instanceof FileAlreadyExistsException) {
      return USAGE;
    }
    return e instanceof MixerException
            || e instanceof IOException
            || e instanceof UncheckedIOException
        ? BAD_INPUT
        : INTERNAL;
  }

  static String message(Error e) {
    if (e instanceof OutOfMemoryError) {
      return "out of memory; JAVA_OPTS=-Xmx4g gives Java 4 GB, for example";
    }
    if (!(e instanceof LinkageError)) {
      return unexpected(e);
    }
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof UnsatisfiedLinkError
        ? "a native library cannot be loaded on this platform: " + cause
        : "a part of the program cannot be loaded: %s; can files be opened (ulimit -n)?"
            .formatted(cause);
  }

  private static String unexpected(Throwable e) {
    return "this should not happen: " + e + "; --verbose shows where. Please report it";
  }

  /** The message of an exception: which file, what is wrong, what to do. */
  public static String message(Exception e) {
    if (e instanceof CommandLine.ParameterException usage) {
      return UsageErrors.message(usage);
    }
    if (e instanceof UncheckedIOException unchecked
        && unchecked.getCause().toString().equals(e.getMessage())) { // it has no message of its own
      return message(unchecked.getCause());
    }
    String temporary = System.getProperty("java.io.tmpdir");
    if (e instanceof FileSystemException system
        && system.getFile() != null
        && Path.of(system.getFile()).startsWith(temporary)
        && !Files.isWritable(Path.of(temporary))) {
      return temporary
          + ": the folder for temporary files cannot be used; JAVA_OPTS=-Djava.io.tmpdir=FOLDER names"
          + " another";
    }
    if (e instanceof FileAlreadyExistsException there && there.getReason() == null) {
      return e.getMessage() + ": it is there already; --overwrite replaces it";
    }
    if (e instanceof NoSuchFileException missing && missing.getReason() == null
        || e instanceof FileNotFoundException) {
      return e.getMessage() + ": no such file";
    }
    if (e instanceof AccessDeniedException) {
      return e.getMessage() + ": permission denied";
    }
    if (code(e) == INTERNAL) {
      return unexpected(e);
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /** Keeps what went wrong, of which a PrintStream says nothing. */
  private static final class Stdout extends FileOutputStream {
    private String failure;

    Stdout() {
      super(FileDescriptor.out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        super.write(bytes, offset, length);
      } catch (IOException e) {
        // A reader that has seen enough, as head has, is no failure.
        failure = "Broken pipe".equals(e.getMessage()) ? null : e.getMessage();
        throw e;
      }
    }
  }
}

package dev.mixer4j.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A process that makes a step when it is told to: Mixer4J or a peer, whose program {@code
 * bench_peer.py} or {@link Peer} is. Each has its own process, so that memory is each one's own and
 * no library meets another.
 */
final class Contender implements AutoCloseable {

  private static final double TURN_SECONDS = 1;

  private final String name;
  private final Path log;
  private final Process process;
  private final Writer orders;
  private final BufferedReader answers;
  private final List<Double> seconds = new ArrayList<>();

  /**
   * Starts the process, and waits until it has warmed up.
   *
   * @param folder of inputs and outputs
   * @throws IOException if it ends instead
   */
  Contender(String name, List<String> command, Map<String, String> environment, Path folder)
      throws IOException {
    this.name = name;
    this.log = folder.resolve(name + ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().putAll(environment);
    process = builder.start();
    orders = process.outputWriter(StandardCharsets.US_ASCII);
    answers = process.inputReader(StandardCharsets.US_ASCII);
    String line;
    do { // libraries say things, too
      line = answer();
    } while (!line.endsWith("ready"));
  }

  String name() {
    return name;
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      String said = Files.readString(log).strip();
      throw new IOException(name + " ended: " + said.substring(Math.max(0, said.length() - 2000)));
    }
    return line;
  }

  /**
   * Makes as many steps as a second holds, and keeps their mean. Where there are more than one, the
   * first does not count: caches and threads are cold after the others' turns.
   */
  void turn() throws IOException {
    double first = step();
    int steps = 0;
    double sum = 0;
    while (first + sum < TURN_SECONDS) {
      sum += step();
      steps++;
    }
    seconds.add(steps == 0 ? first : sum / steps);
  }

  private double step() throws IOException {
    orders.write("\n");
    orders.flush();
    return Double.parseDouble(answer());
  }

  /** Ends the process. */
  Timings end() throws IOException {
    orders.close();
    return new Timings(List.copyOf(seconds), Double.parseDouble(answer()));
  }

  /** What the steps that warmed it up gave: the first one's logits, or each one's loss. */
  static float[] outputs(Path folder, String name) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name + ".f32")));
    FloatBuffer values = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] outputs = new float[values.remaining()];
    values.get(outputs);
    return outputs;
  }

  @Override
  public void close() {
    process.destroy();
  }
}

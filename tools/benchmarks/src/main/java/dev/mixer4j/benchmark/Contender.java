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
import java.util.concurrent.TimeUnit;

/**
 * A process that makes a step when it is told to: Mixer4J or a peer, whose program {@code
 * bench_peer.py} or {@link Peer} is. Each has its own process, so that memory is each one's own and
 * no library meets another.
 */
final class Contender implements AutoCloseable {

  private static final long SECONDS_TO_END = 20;

  private final String name;
  private final Path folder;
  private final Path log;
  private final Gpu gpu;
  private final double gpuBefore;
  private final Process process;
  private final Writer orders;
  private final BufferedReader answers;
  private final List<Double> seconds = new ArrayList<>();
  private int batch;
  private double gpuMegabytes;

  /**
   * Starts the process.
   *
   * @param folder of inputs and outputs
   * @param gpu whose memory is watched
   * @throws ContenderException if it ends instead
   */
  Contender(String name, ProcessBuilder command, Path folder, Gpu gpu) throws IOException {
    this.name = name;
    this.folder = folder;
    this.log = folder.resolve(name + ".log");
    this.gpu = gpu;
    gpuBefore = gpu.usedMegabytes();
    process = command.redirectError(log.toFile()).start();
    orders = process.outputWriter(StandardCharsets.US_ASCII);
    answers = process.inputReader(StandardCharsets.US_ASCII);
  }

  String name() {
    return name;
  }

  /**
   * Waits until the first batch's step is made.
   *
   * @param first which the process was started with
   * @param more steps to make after it: on a GPU kernels are still being compiled and chosen
   */
  void prepare(int first, int more) throws IOException {
    batch = first;
    seconds.clear();
    String line;
    do { // libraries say things, too
      line = answer();
    } while (!line.endsWith("ready"));
    for (int i = 0; i < more; i++) {
      step();
    }
    gpuMegabytes = gpu.usedMegabytes() - gpuBefore;
  }

  /** As {@link #prepare}, with another batch than the last one. */
  void next(int other, int more) throws IOException {
    order(Integer.toString(other));
    prepare(other, more);
  }

  private void order(String text) throws IOException {
    try {
      orders.write(text + "\n");
      orders.flush();
    } catch (IOException e) { // it has ended, and answer() says why
      answer();
      throw e;
    }
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new ContenderException(name, exitCode(), Files.readString(log).strip());
    }
    return line;
  }

  private int exitCode() {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /**
   * Makes as many steps as fit into a time, and keeps their mean. Where there are more than one,
   * the first does not count: caches and threads are cold after the others' turns.
   */
  void turn(double turnSeconds) throws IOException {
    double first = step();
    int steps = 0;
    double sum = 0;
    while (first + sum < turnSeconds) {
      sum += step();
      steps++;
    }
    seconds.add(steps == 0 ? first : sum / steps);
  }

  private double step() throws IOException {
    order("");
    return Double.parseDouble(answer());
  }

  /** The turns with the present batch. */
  Timings timings() throws IOException {
    order("memory");
    return new Timings(List.copyOf(seconds), Double.parseDouble(answer()));
  }

  /**
   * Memory of the GPU that came into use since before the process was started; NaN without a GPU.
   * The libraries keep what they once had, so that it is the most.
   */
  double gpuMegabytes() {
    return gpuMegabytes;
  }

  /** What the steps that warmed it up gave: the first one's logits, or each one's loss. */
  float[] outputs() throws IOException {
    Path file = folder.resolve(Integer.toString(batch)).resolve(name + ".f32");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    FloatBuffer values = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] outputs = new float[values.remaining()];
    values.get(outputs);
    return outputs;
  }

  /** Ends the process, and waits for it, for it holds a GPU's memory until then. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.mixer4j.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The contenders that are Java programs. What a process is told, and what it answers, {@code
 * tools/reference/bench_peer.py} says.
 */
final class Peer {

  /** What goes through the network in a step, and who goes through it. */
  record Task(String peer, Path folder, int batch, int size, int threads) {

    /** Normalised images, [batch, size, size, 3]. */
    float[] images() throws IOException {
      FloatBuffer values =
          ByteBuffer.wrap(Files.readAllBytes(folder.resolve("inputs.f32")))
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      float[] images = new float[values.remaining()];
      values.get(images);
      return images;
    }

    /** The same, [batch, 3, size, size]. */
    float[] planes() throws IOException {
      float[] images = images();
      float[] planes = new float[images.length];
      int pixels = size * size;
      for (int i = 0; i < images.length; i++) {
        int pixel = i / 3;
        planes[(pixel / pixels * 3 + i % 3) * pixels + pixel % pixels] = images[i];
      }
      return planes;
    }

    void write(float... outputs) throws IOException {
      ByteBuffer bytes =
          ByteBuffer.allocate(outputs.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(outputs);
      Files.write(folder.resolve(peer + ".f32"), bytes.array());
    }
  }

  /** A step that gives its logits, row after row. */
  interface Step {
    float[] run() throws Exception;
  }

  private final BufferedReader orders =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
  private long start;

  void ready() throws IOException {
    say("ready");
  }

  /** Waits for the order to make a step; false where there are no more. */
  boolean ordered() throws IOException {
    boolean more = orders.readLine() != null;
    start = System.nanoTime();
    return more;
  }

  /** Tells that the step is made. */
  void done() {
    say(String.format(Locale.ROOT, "%.9f", (System.nanoTime() - start) / 1e9));
  }

  /** Tells the memory at the end. */
  void end() throws IOException {
    double megabytes = Double.NaN;
    Path status = Path.of("/proc/self/status");
    if (Files.exists(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          megabytes = Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
      }
    }
    say(Double.toString(megabytes));
  }

  private static void say(String text) {
    System.out.println(text);
    System.out.flush();
  }

  /** Serves a step that has no state. */
  void serve(Task task, Step step) throws Exception {
    task.write(step.run());
    step.run();
    ready();
    while (ordered()) {
      step.run();
      done();
    }
    end();
  }

  /** {@code PEER TASK FOLDER BATCH SIZE THREADS}. */
  public static void main(String[] args) throws Exception {
    Task task =
        new Task(
            args[0],
            Path.of(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            Integer.parseInt(args[5]));
    Peer peer = new Peer();
    switch (task.peer() + " " + args[1]) {
      case "mixer4j inference", "mixer4j-xla inference" -> OurPeer.infer(peer, task);
      case "mixer4j training", "mixer4j-xla training" -> OurPeer.train(peer, task);
      case "onnxruntime-java inference" -> OnnxPeer.infer(peer, task);
      case "djl-pytorch inference" -> DjlPeer.infer(peer, task);
      default -> throw new IllegalArgumentException(String.join(" ", args));
    }
  }
}

package dev.mixer4j.benchmark;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
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
import org.tensorflow.TensorFlow;

/**
 * The contenders that are Java programs. What a process is told, and what it answers, {@code
 * tools/reference/bench_peer.py} says.
 */
final class Peer {

  /** What goes through the network in a step, and who goes through it, where. */
  record Job(
      String peer,
      String task,
      Path folder,
      int batch,
      int size,
      int threads,
      Device device,
      Precision precision) {

    static Job of(String[] words) {
      return new Job(
          words[0],
          words[1],
          Path.of(words[2]),
          Integer.parseInt(words[3]),
          Integer.parseInt(words[4]),
          Integer.parseInt(words[5]),
          Device.parse(words[6]),
          Precision.valueOf(words[7].toUpperCase(Locale.ROOT)));
    }

    Job withBatch(int other) {
      return new Job(peer, task, folder, other, size, threads, device, precision);
    }

    Path weights() {
      return folder.resolve("weights.h5");
    }

    /** A file of this batch. */
    Path file(String name) {
      return folder.resolve(Integer.toString(batch)).resolve(name);
    }

    /** Whether inference gets 8-bit images, which are brought to a GPU sooner. */
    boolean pixels() {
      return !device.equals(Device.CPU);
    }

    /** Normalised images, [batch, size, size, 3]. */
    float[] images() throws IOException {
      FloatBuffer values =
          ByteBuffer.wrap(Files.readAllBytes(file("inputs.f32")))
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
      Files.write(file(peer + ".f32"), bytes.array());
    }
  }

  /** A step that gives its logits, row after row. */
  interface Step {
    float[] run() throws Exception;
  }

  private final BufferedReader orders =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
  private long start;
  private String next;

  void ready() {
    say("ready");
  }

  /** Waits for the order to make a step; false where there are no more with this batch. */
  boolean ordered() throws IOException {
    next = orders.readLine();
    while ("memory".equals(next)) {
      say(Double.toString(peakMegabytes()));
      next = orders.readLine();
    }
    start = System.nanoTime();
    return "".equals(next);
  }

  /** Tells that the step is made. */
  void done() {
    say(String.format(Locale.ROOT, "%.9f", (System.nanoTime() - start) / 1e9));
  }

  private static double peakMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (Files.exists(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
      }
    }
    return Double.NaN;
  }

  private static void say(String text) {
    System.out.println(text);
    System.out.flush();
  }

  /** Serves a step that has no state. */
  void serve(Job job, Step step) throws Exception {
    job.write(step.run());
    step.run();
    ready();
    while (ordered()) {
      step.run();
      done();
    }
  }

  private void run(Job job) throws Exception {
    switch (job.peer() + " " + job.task()) {
      case "mixer4j inference", "mixer4j-xla inference" -> OurPeer.infer(this, job);
      case "mixer4j training", "mixer4j-xla training" -> OurPeer.train(this, job);
      case "onnxruntime-java inference" -> OnnxPeer.infer(this, job);
      case "djl-pytorch inference" -> DjlPeer.infer(this, job);
      default -> throw new IllegalArgumentException(job.toString());
    }
  }

  /**
   * {@code PEER TASK FOLDER BATCH SIZE THREADS DEVICE PRECISION}, or {@code versions DEVICE}, which
   * tells TensorFlow's, or that it does not see the device.
   */
  public static void main(String[] args) throws Exception {
    try {
      if (args[0].equals("versions")) {
        Device.parse(args[1]).check();
        say("TensorFlow " + TensorFlow.version());
        return;
      }
      Peer peer = new Peer();
      Job job = Job.of(args);
      peer.run(job);
      while (peer.next != null) {
        job = job.withBatch(Integer.parseInt(peer.next));
        peer.run(job);
      }
    } catch (MixerException e) {
      System.err.println("error: " + e.getMessage());
      System.exit(1);
    }
  }
}

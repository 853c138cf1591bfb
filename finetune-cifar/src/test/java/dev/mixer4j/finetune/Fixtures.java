package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Device;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.finetune.command.FinetuneCifar;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tensorflow.ndarray.Shape;
import picocli.CommandLine;

/** Small data, small weights, and commands run in this process. */
public final class Fixtures {

  public static final int PIXELS = 32 * 32;
  public static final List<String> NAMES = List.of("red", "green", "blue");

  public static final Devices CPU = Devices.of(Device.CPU);

  /** A network that trains in milliseconds, on images of CIFAR-10's size. */
  public static final Mixer TINY = Mixer.of(32, 8, 16, 2, 12, 24, NAMES.size());

  private Fixtures() {}

  /** What a command left. */
  public record Ran(int code, String out, String err) {}

  public static Ran run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Cli.commandLine(new FinetuneCifar());
    line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    int code = line.execute(texts);
    return new Ran(code, out.toString(), err.toString());
  }

  /**
   * Runs a main class in a Java of its own, with this one's class path.
   *
   * @param options for the JVM
   */
  public static Ran java(List<String> options, Class<?> main, Object... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    Path err = Files.createTempFile("stderr", ".txt");
    try {
      Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Ran(process.waitFor(), out, Files.readString(err));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      Files.delete(err);
    }
  }

  /** One record: noise around a gray, with the class's colour channel raised. */
  public static byte[] cifarRecord(int label, Random random) {
    byte[] record = new byte[1 + 3 * PIXELS];
    record[0] = (byte) label;
    for (int i = 0; i < 3 * PIXELS; i++) {
      int level = 100 + (i / PIXELS == label ? 30 : 0) + (int) (40 * random.nextGaussian());
      record[1 + i] = (byte) Math.max(0, Math.min(255, level));
    }
    return record;
  }

  /** A file of records whose labels go round. */
  public static void cifarFile(Path file, int images, int classes, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] all = new byte[images * (1 + 3 * PIXELS)];
    for (int i = 0; i < images; i++) {
      byte[] record = cifarRecord(i % classes, random);
      System.arraycopy(record, 0, all, i * record.length, record.length);
    }
    Files.write(file, all);
  }

  /** A folder of 48 training and 15 test images in three classes. */
  public static Path cifar(Path folder) throws IOException {
    Files.createDirectories(folder);
    cifarFile(folder.resolve("data_batch_1.bin"), 30, NAMES.size(), 1);
    cifarFile(folder.resolve("data_batch_2.bin"), 18, NAMES.size(), 2);
    cifarFile(folder.resolve("test_batch.bin"), 15, NAMES.size(), 3);
    Files.writeString(folder.resolve("batches.meta.txt"), String.join("\n", NAMES) + "\n\n");
    return folder;
  }

  /** The default recipe with some settings, by their JSON names. */
  public static TrainSettings settings(Object... namesAndValues) {
    JsonMapper json = new JsonMapper();
    ObjectNode overrides = json.createObjectNode();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      overrides.set((String) namesAndValues[i], json.valueToTree(namesAndValues[i + 1]));
    }
    try {
      return TrainSettings.fromJson(Recipe.with(Recipe.load("adam"), overrides));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A weights file of {@link #TINY} with random values and a zero head. */
  public static Path weights(Path file) throws IOException {
    return weights(file, TINY);
  }

  public static Path weights(Path file, Network config) throws IOException {
    ModelInfo info = ModelInfo.NONE.withOrigin(new Origin("npz", "0".repeat(64)));
    CheckpointWriter.write(
        file, TargetFormat.H5, new InitialWeights(config, 7), info, false, bytes -> {});
    return file;
  }

  /** Every variable's values. */
  public static Map<String, float[]> read(Weights weights) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Map.Entry<String, Shape> variable : weights.network().shapes().entrySet()) {
      float[] array = new float[(int) variable.getValue().size()];
      weights.read(variable.getKey(), FloatBuffer.wrap(array));
      values.put(variable.getKey(), array);
    }
    return values;
  }

  public static Map<String, float[]> read(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return read(checkpoint);
    }
  }

  /** A file that lies beside the tests' classes. */
  public static Path resource(String name) {
    try {
      return Path.of(Fixtures.class.getResource("/fixtures/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}

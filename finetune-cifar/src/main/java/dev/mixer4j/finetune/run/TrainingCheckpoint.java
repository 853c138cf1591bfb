package dev.mixer4j.finetune.run;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.write.SafetensorsOutput;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.ndarray.Shape;

/**
 * A checkpoint of a training in one safetensors file: weights, optimizer state and progress. The
 * file appears whole or not at all.
 */
record TrainingCheckpoint(Path path, TensorFile file, RunState state) implements Closeable {

  static final String FOLDER = "checkpoints";

  private static final String WEIGHTS = "weights/";
  private static final String STATE = "state/";
  private static final String RUN_STATE = "mixer4j.run_state";
  private static final String NAME = "step-%09d.safetensors";
  private static final String COMPLETE = "step-*.safetensors";

  /** Writes a checkpoint, and removes the oldest ones so that {@code keep} stay. */
  static void write(Path run, RunState state, Weights weights, NamedTensors variables, int keep)
      throws IOException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    weights.network().shapes().forEach((name, shape) -> shapes.put(WEIGHTS + name, shape));
    variables.shapes().forEach((name, shape) -> shapes.put(STATE + name, shape));
    Path folder = Files.createDirectories(run.resolve(FOLDER));
    Path target = folder.resolve(NAME.formatted(state.step()));
    Path beside = folder.resolve("." + target.getFileName() + ".part");
    try {
      Files.deleteIfExists(beside); // of a run that was killed
      writeTensors(beside, shapes, state, weights, variables);
      Files.move(
          beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IOException(
          "%s: the checkpoint could not be written: %s; the one before, if any, is whole"
              .formatted(target, e.getMessage() == null ? e : e.getMessage()),
          e);
    } finally {
      Files.deleteIfExists(beside);
    }
    List<Path> all = list(run, COMPLETE);
    for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
      Files.delete(old);
    }
  }

  private static void writeTensors(
      Path path, Map<String, Shape> shapes, RunState state, Weights weights, NamedTensors variables)
      throws IOException {
    long largest = shapes.values().stream().mapToLong(Shape::size).max().orElse(0);
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(largest * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    try (SafetensorsOutput out =
        new SafetensorsOutput(path, shapes, Map.of(RUN_STATE, state.toText()))) {
      for (Map.Entry<String, Shape> tensor : shapes.entrySet()) {
        bytes.clear().limit(Math.toIntExact(tensor.getValue().size() * Float.BYTES));
        String name = tensor.getKey();
        if (name.startsWith(WEIGHTS)) {
          weights.read(name.substring(WEIGHTS.length()), bytes.asFloatBuffer());
        } else {
          variables.read(name.substring(STATE.length()), bytes.asFloatBuffer());
        }
        out.write(name, bytes);
      }
      out.force(); // otherwise a power cut might leave an empty file
    }
  }

  /** A run's checkpoints whose names match, the oldest first. */
  private static List<Path> list(Path run, String glob) throws IOException {
    List<Path> all = new ArrayList<>();
    Path folder = run.resolve(FOLDER);
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
        found.forEach(all::add);
      }
    }
    all.removeIf(file -> !Files.isRegularFile(file));
    all.sort(null);
    return all;
  }

  /** Removes all of a run's checkpoints, also partly written ones. */
  static void deleteAll(Path run) throws IOException {
    for (Path file : list(run, "{,.}step-*.safetensors{,.part}")) {
      Files.delete(file);
    }
  }

  /** Opens a run's latest checkpoint, if there is one; {@link MixerException} if it is damaged. */
  static Optional<TrainingCheckpoint> latest(Path run) throws IOException {
    List<Path> all = list(run, COMPLETE);
    if (all.isEmpty()) {
      return Optional.empty();
    }
    Path path = all.get(all.size() - 1);
    TensorFile file = TensorFiles.open(path);
    try {
      RunState state = RunState.of(file.texts().getOrDefault(RUN_STATE, "none"));
      return Optional.of(new TrainingCheckpoint(path, file, state));
    } catch (IllegalArgumentException e) {
      file.close();
      throw new MixerException(
          "%s: not a checkpoint of a training: %s; remove it to resume from the one before"
              .formatted(path, e.getMessage()),
          e);
    }
  }

  Weights weights(Network network) {
    Map<String, Shape> shapes = network.shapes();
    return new Weights() {
      @Override
      public Network network() {
        return network;
      }

      @Override
      public void read(String name, FloatBuffer destination) {
        readTensor(WEIGHTS + name, shapes.get(name), destination);
      }

      @Override
      public void close() {}
    };
  }

  /** Restores the state of a training; {@link MixerException} if its settings differ. */
  void restore(TrainingGraph graph, Weights weights) {
    try {
      graph.restore(state.step(), weights, variables());
    } catch (IllegalArgumentException e) {
      throw new MixerException(
          "%s: %s; were the settings in %s changed?"
              .formatted(path, e.getMessage(), RunFolder.CONFIG),
          e);
    }
  }

  /** The optimizer's variables and all other state beside the weights. */
  private NamedTensors variables() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    file.tensors().keySet().stream()
        .filter(name -> name.startsWith(STATE))
        .forEach(
            name -> shapes.put(name.substring(STATE.length()), file.tensors().get(name).shape()));
    return new NamedTensors() {
      @Override
      public Map<String, Shape> shapes() {
        return shapes;
      }

      @Override
      public void read(String name, FloatBuffer destination) {
        readTensor(STATE + name, shapes.get(name), destination);
      }
    };
  }

  private void readTensor(String name, Shape shape, FloatBuffer destination) {
    if (!file.tensors().containsKey(name) || !file.tensors().get(name).shape().equals(shape)) {
      throw new MixerException(
          "%s: expected a tensor %s of shape %s; remove the file to resume from the one before"
              .formatted(path, name, shape));
    }
    try {
      file.read(name, destination);
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

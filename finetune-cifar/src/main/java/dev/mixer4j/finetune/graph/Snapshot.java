package dev.mixer4j.finetune.graph;

import dev.mixer4j.core.FloatTensors;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.types.TFloat32;

/** Weights that were fetched from a session; they hold native memory until closed. */
public record Snapshot(Network network, List<String> names, Result values) implements Weights {

  /**
   * Fetches weights.
   *
   * @param value of each variable, by name
   */
  public static Snapshot take(
      Session session, Network network, Function<String, Operand<TFloat32>> value) {
    List<String> names = List.copyOf(network.shapes().keySet());
    Session.Runner runner = session.runner();
    names.forEach(name -> runner.fetch(value.apply(name)));
    return new Snapshot(network, names, runner.run());
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    FloatTensors.read((TFloat32) values.get(names.indexOf(name)), destination);
  }

  @Override
  public void close() {
    values.close();
  }
}

package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Flatten;
import dev.mixer4j.core.layer.Layer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A multilayer perceptron: all pixels as one row, hidden layers with ReLU and dropout, and a head.
 * All layers equal {@code torch.nn.Linear}.
 *
 * <pre>{@code
 * Network network =
 *     new MultilayerPerceptron(ImageInput.square(28, 1), List.of(100, 80), 10, false);
 * }</pre>
 *
 * @param input the images
 * @param hidden widths of the hidden layers
 * @param classes number of classes; 0 for no head
 * @param outputRelu whether the head's output goes through ReLU too
 */
public record MultilayerPerceptron(
    ImageInput input,
    @Setting(value = "Widths of the hidden layers, such as 100,80.", label = "N,...")
        List<Integer> hidden,
    int classes,
    @Setting("A ReLU also after the head.") boolean outputRelu)
    implements Network {

  /**
   * Checks the numbers.
   *
   * @param input not null
   * @param hidden one or more, each above 0
   * @param classes 0 or more
   * @param outputRelu whether the head's output goes through ReLU too
   * @throws IllegalArgumentException if one is out of its range
   */
  public MultilayerPerceptron {
    Objects.requireNonNull(input, "input");
    hidden = List.copyOf(hidden);
    Networks.check(!hidden.isEmpty(), "hidden must have one width or more, found none");
    Networks.layers("number of hidden layers", hidden.size());
    hidden.forEach(width -> Networks.positive("hidden", width));
    Networks.classes(classes);
  }

  @Override
  public String family() {
    return "mlp";
  }

  @Override
  public int featureSize() {
    return hidden.get(hidden.size() - 1);
  }

  private Flatten flatten() {
    int pixels = Math.multiplyExact(input.height(), input.width());
    return new Flatten(Math.multiplyExact(pixels, input.channels()));
  }

  private List<Dense> hiddenLayers() {
    List<Dense> layers = new ArrayList<>();
    int in = flatten().size();
    for (int width : hidden) {
      layers.add(Dense.torch("dense" + (layers.size() + 1), in, width));
      in = width;
    }
    return layers;
  }

  private Dense head() {
    return Dense.torch("head", featureSize(), classes);
  }

  @Override
  public List<Variable> variables() {
    return Layer.variables(Stream.concat(hiddenLayers().stream(), Stream.of(head())));
  }

  /** The intermediate outputs are those of the hidden layers, [batch, width]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    Operand<TFloat32> x = flatten().apply(pass, images);
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (Dense layer : hiddenLayers()) {
      x = pass.dropout(ReLU.relu(tf, layer.apply(pass, x, pass.precision())));
      outputs.add(x);
    }
    Operand<TFloat32> logits = head().apply(pass, x);
    return new Outputs(List.copyOf(outputs), x, outputRelu ? ReLU.relu(tf, logits) : logits);
  }

  @Override
  public MultilayerPerceptron withClasses(int newClasses) {
    return new MultilayerPerceptron(input, hidden, newClasses, outputRelu);
  }

  @Override
  public MultilayerPerceptron withInput(ImageInput newInput) {
    return new MultilayerPerceptron(newInput, hidden, classes, outputRelu);
  }

  /** Reads the geometry off the shapes; the images are taken to be square, of 1 or 3 channels. */
  static MultilayerPerceptron infer(Shapes shapes) {
    List<Integer> hidden = new ArrayList<>();
    while (shapes.has("dense" + (hidden.size() + 1) + "/kernel")) {
      hidden.add(shapes.size("dense" + (hidden.size() + 1) + "/kernel", 1, 2));
    }
    int values = shapes.size("dense1/kernel", 0, 2);
    for (int channels : new int[] {1, 3}) {
      int size = (int) Math.round(Math.sqrt(values / (double) channels));
      if (size * size * channels == values) {
        ImageInput input = ImageInput.square(size, channels);
        return new MultilayerPerceptron(input, hidden, shapes.classes(), false);
      }
    }
    throw new IllegalArgumentException(
        "dense1/kernel: expected the pixels of square images of 1 or 3 channels, found "
            + values
            + " inputs");
  }

  /** For MNIST's images. */
  static Map<String, Network> presets() {
    Map<String, Network> presets = new LinkedHashMap<>();
    for (List<Integer> hidden : List.of(List.of(100, 80), List.of(100, 80, 60), List.of(512))) {
      String name = hidden.stream().map(width -> "-" + width).reduce("MLP", String::concat);
      presets.put(name, new MultilayerPerceptron(ImageInput.square(28, 1), hidden, 10, false));
    }
    return presets;
  }
}

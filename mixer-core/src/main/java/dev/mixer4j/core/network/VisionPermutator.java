package dev.mixer4j.core.network;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Initializer.Normal;
import dev.mixer4j.core.Initializer.TorchUniform;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.layer.Conv2d;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.layer.Layer;
import dev.mixer4j.core.layer.LayerNorm;
import dev.mixer4j.core.layer.Mlp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Unstack;
import org.tensorflow.types.TFloat32;

/**
 * The Vision Permutator of arXiv 2106.12368, section 3. Each block adds the weighted sum of three
 * linear maps, along the height, the width and the channels of a grid of tokens, then an MLP across
 * channels. Structure and names follow the authors' {@code models/vip.py}
 * (github.com/houqb/VisionPermutator) with {@code WeightedPermuteMLP}.
 *
 * <p>Stages of blocks follow one another. Where the number of channels changes, a convolution of
 * 2×2 halves the grid between them.
 *
 * @param input the images, square; the size is a multiple of the patch size
 * @param patchSize height and width of a patch, in pixels
 * @param stageBlocks number of blocks of each stage
 * @param stageSizes channels of each stage (C), a multiple of the side of its grid: each side's map
 *     mixes the tokens of a row or column with as many channels, {@code C} numbers in all
 * @param mlpRatio width of the MLPs, as a multiple of the channels
 * @param classes number of classes; 0 for no head
 */
public record VisionPermutator(
    ImageInput input,
    @Setting("Height and width of a patch, in pixels.") int patchSize,
    @Setting(value = "Blocks of each stage, such as 4,3,8,3.", label = "N,...")
        List<Integer> stageBlocks,
    @Setting(value = "Channels of each stage, such as 192,384,384,384.", label = "N,...")
        List<Integer> stageSizes,
    @Setting("Width of the MLPs over the channels.") int mlpRatio,
    int classes)
    implements Network {

  /** {@code torch.nn.LayerNorm}'s. */
  private static final float EPSILON = 1e-5f;

  /** {@code trunc_normal_} of the authors' code cuts at 100 standard deviations. */
  private static final Initializer KERNEL = new Normal(0.02);

  private static Dense dense(String name, int in, int out) {
    return new Dense(name, in, out, KERNEL, Initializer.ZEROS);
  }

  /** From [batch, side, side, size] to the same shape. */
  private record PermuteMlp(String name, int side, int size) implements Layer {

    private Dense reweight0() {
      return dense(name + "/reweight/Dense_0", size, size / 4);
    }

    private Dense reweight1() {
      return dense(name + "/reweight/Dense_1", size / 4, Math.multiplyExact(3, size));
    }

    private Dense out() {
      return dense(name + "/out", size, size);
    }

    @Override
    public List<Variable> variables() {
      List<Variable> variables = new ArrayList<>();
      for (String direction : List.of("channels", "height", "width")) {
        variables.add(new Variable(kernel(direction), Shape.of(size, size), KERNEL));
      }
      variables.addAll(Layer.variables(Stream.of(reweight0(), reweight1(), out())));
      return variables;
    }

    private String kernel(String direction) {
      return name + "/" + direction + "/kernel";
    }

    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      // The channels are cut into as many segments as the grid has rows; a row's or column's
      // tokens bring one segment each to a product.
      Operand<TFloat32> segments = tf.reshape(x, tf.array(-1, side, side, side, size / side));
      Operand<TFloat32> height = along(pass, segments, "height", 0, 3, 2, 1, 4);
      Operand<TFloat32> width = along(pass, segments, "width", 0, 1, 3, 2, 4);
      Operand<TFloat32> channels = product(pass, x, "channels");
      Operand<TFloat32> sum = tf.math.add(tf.math.add(height, width), channels);
      Operand<TFloat32> mean = tf.math.mean(sum, tf.array(1, 2));
      Operand<TFloat32> hidden =
          Gelu.ERF.apply(pass, reweight0().apply(pass, mean, pass.precision()));
      Operand<TFloat32> scores = reweight1().apply(pass, pass.dropout(hidden), pass.precision());
      Operand<TFloat32> shares =
          tf.nn.softmax(tf.reshape(pass.dropout(scores), tf.array(-1, size, 3)));
      List<? extends Operand<TFloat32>> share =
          tf.unstack(tf.reshape(shares, tf.array(-1, 1, 1, size, 3)), 3L, Unstack.axis(4L))
              .output();
      Operand<TFloat32> mixed =
          tf.math.add(
              tf.math.add(tf.math.mul(height, share.get(0)), tf.math.mul(width, share.get(1))),
              tf.math.mul(channels, share.get(2)));
      Operand<TFloat32> matrix = tf.reshape(mixed, tf.array(-1, size));
      return tf.reshape(
          out().apply(pass, matrix, pass.precision()), tf.array(-1, side, side, size));
    }

    private Operand<TFloat32> along(
        Pass pass, Operand<TFloat32> segments, String direction, int... order) {
      Ops tf = pass.tf();
      Operand<TFloat32> turned = tf.linalg.transpose(segments, tf.constant(order));
      Operand<TFloat32> product = product(pass, turned, direction);
      product = tf.reshape(product, tf.array(-1, side, side, side, size / side));
      // Both orders are their own inverse.
      return tf.reshape(
          tf.linalg.transpose(product, tf.constant(order)), tf.array(-1, side, side, size));
    }

    /** [batch, side, side, size], from as many numbers. */
    private Operand<TFloat32> product(Pass pass, Operand<TFloat32> x, String direction) {
      Ops tf = pass.tf();
      Operand<TFloat32> matrix = tf.reshape(x, tf.array(-1, size));
      return tf.reshape(
          pass.precision().matMul(tf, matrix, pass.value(kernel(direction))),
          tf.array(-1, side, side, size));
    }
  }

  /** Permute-MLP, then the MLP, each a residual branch: from [batch, side², size] to the same. */
  private final class Block implements Layer {
    private final int index;
    private final int side;
    private final int size;
    private final LayerNorm norm1;
    private final PermuteMlp permute;
    private final LayerNorm norm2;
    private final Mlp mlp;

    /** The index counts over all stages. */
    Block(String name, int index, int side, int size) {
      this.index = index;
      this.side = side;
      this.size = size;
      norm1 = new LayerNorm(name + "/norm1", size, EPSILON);
      permute = new PermuteMlp(name + "/permute", side, size);
      norm2 = new LayerNorm(name + "/norm2", size, EPSILON);
      int width = Math.multiplyExact(mlpRatio, size);
      mlp = new Mlp(name + "/mlp", side * side, size, width, Gelu.ERF, VisionPermutator::dense);
    }

    @Override
    public List<Variable> variables() {
      return Layer.variables(Stream.of(norm1, permute, norm2, mlp));
    }

    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      int blocks = stageBlocks.stream().mapToInt(Integer::intValue).sum();
      Operand<TFloat32> grid = tf.reshape(norm1.apply(pass, x), tf.array(-1, side, side, size));
      Operand<TFloat32> y = tf.reshape(permute.apply(pass, grid), tf.array(-1, side * side, size));
      x = tf.math.add(x, pass.stochasticDepth(y, index, blocks));
      y = mlp.apply(pass, norm2.apply(pass, x));
      return tf.math.add(x, pass.stochasticDepth(y, index, blocks));
    }
  }

  /** Halves the grid between two stages: from [batch, side², in] to [batch, (side/2)², out]. */
  private record Downsample(String name, int side, int in, int out) implements Layer {

    private Conv2d conv() {
      return convolution(name + "/downsample", 2, in, out);
    }

    @Override
    public List<Variable> variables() {
      return conv().variables();
    }

    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      Operand<TFloat32> grid = tf.reshape(x, tf.array(-1, side, side, in));
      return tf.reshape(conv().apply(pass, grid), tf.array(-1, side * side / 4, out));
    }
  }

  private static Conv2d convolution(String name, int size, int in, int out) {
    long fanIn = (long) size * size * in;
    return new Conv2d(
        name, size, size, 0, in, out, TorchUniform.weight(fanIn), TorchUniform.bias(fanIn));
  }

  private Conv2d stem() {
    return convolution("stem", patchSize, input.channels(), stageSizes.get(0));
  }

  /** The blocks of all stages and what is between the stages, numbered as in the authors' files. */
  private List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    int place = 0;
    int index = 0;
    int side = input.size() / patchSize;
    for (int stage = 0; stage < stageBlocks.size(); stage++) {
      int size = stageSizes.get(stage);
      if (stage > 0 && size != stageSizes.get(stage - 1)) {
        layers.add(new Downsample("network_" + place, side, stageSizes.get(stage - 1), size));
        side /= 2;
        place++;
      }
      for (int block = 0; block < stageBlocks.get(stage); block++) {
        layers.add(new Block("network_" + place + "/Block_" + block, index, side, size));
        index++;
      }
      place++;
    }
    return layers;
  }

  private LayerNorm lastNorm() {
    return new LayerNorm("norm", featureSize(), EPSILON);
  }

  private Dense head() {
    return dense("head", featureSize(), classes);
  }

  @Override
  public List<Variable> variables() {
    List<Layer> layers = new ArrayList<>(List.of(stem()));
    layers.addAll(layers());
    layers.addAll(List.of(lastNorm(), head()));
    return Layer.variables(layers.stream());
  }

  /** The intermediate outputs are those of the blocks, [batch, tokens, channels]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    int side = input.size() / patchSize;
    Operand<TFloat32> x =
        tf.reshape(stem().apply(pass, images), tf.array(-1, side * side, stageSizes.get(0)));
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (Layer layer : layers()) {
      x = layer.apply(pass, x);
      if (layer instanceof Block) {
        outputs.add(x);
      }
    }
    Operand<TFloat32> features = tf.math.mean(lastNorm().apply(pass, x), tf.constant(1));
    return new Outputs(List.copyOf(outputs), features, head().apply(pass, features));
  }

  @Override
  public String family() {
    return "vip";
  }

  @Override
  public int featureSize() {
    return stageSizes.get(stageSizes.size() - 1);
  }

  /** The authors' for S and M; they evaluated L with 0.875. */
  @Override
  public ImageTransform defaultTransform() {
    return ImageTransform.centerCrop(0.9, Interpolation.BICUBIC);
  }

  /**
   * Checks the numbers.
   *
   * @param input square images
   * @param patchSize above 0; divides the image size
   * @param stageBlocks one or more, each above 0
   * @param stageSizes as many, each a multiple of its grid's side
   * @param mlpRatio above 0
   * @param classes 0 or more
   * @throws IllegalArgumentException if one is out of its range
   */
  public VisionPermutator {
    Objects.requireNonNull(input, "input");
    stageBlocks = List.copyOf(stageBlocks);
    stageSizes = List.copyOf(stageSizes);
    Networks.positive("mlp_ratio", mlpRatio);
    Networks.classes(classes);
    Networks.check(
        !stageBlocks.isEmpty() && stageBlocks.size() == stageSizes.size(),
        "stage_blocks and stage_sizes must have one number for each stage, found %s and %s",
        stageBlocks,
        stageSizes);
    Networks.layers("number of stages", stageBlocks.size());
    Networks.patches(input, patchSize);
    int side = input.size() / patchSize;
    for (int stage = 0; stage < stageSizes.size(); stage++) {
      Networks.layers("stage_blocks", stageBlocks.get(stage));
      Networks.positive("stage_sizes", stageSizes.get(stage));
      if (stage > 0 && !stageSizes.get(stage).equals(stageSizes.get(stage - 1))) {
        Networks.check(side % 2 == 0, "a grid of %d x %d cannot be halved", side, side);
        side /= 2;
      }
      Networks.check(
          stageSizes.get(stage) % side == 0 && stageSizes.get(stage) >= 4,
          "stage_sizes: expected multiples of the grid's side %d, 4 or more, found %d",
          side,
          stageSizes.get(stage));
    }
  }

  @Override
  public VisionPermutator withClasses(int newClasses) {
    return new VisionPermutator(input, patchSize, stageBlocks, stageSizes, mlpRatio, newClasses);
  }

  @Override
  public VisionPermutator withInput(ImageInput newInput) {
    return new VisionPermutator(newInput, patchSize, stageBlocks, stageSizes, mlpRatio, classes);
  }

  /**
   * Reads the geometry off the shapes, which do not show the images' size: it is taken to be 224.
   */
  static VisionPermutator infer(Shapes shapes) {
    List<Integer> blocks = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    int place = 0;
    while (shapes.has("network_" + place + "/Block_0/norm1/scale")
        || shapes.has("network_" + place + "/downsample/kernel")) {
      String name = "network_" + place + "/Block_";
      if (shapes.has(name + "0/norm1/scale")) {
        blocks.add(shapes.count(name));
        sizes.add(shapes.size(name + "0/norm1/scale", 0, 1));
      }
      place++;
    }
    int width = shapes.size("network_0/Block_0/mlp/Dense_0/kernel", 1, 2);
    return new VisionPermutator(
        ImageInput.imageNet(224, shapes.size("stem/kernel", 2, 4)),
        shapes.size("stem/kernel", 0, 4),
        blocks,
        sizes,
        width / shapes.size("network_0/Block_0/mlp/Dense_0/kernel", 0, 2),
        shapes.classes());
  }

  /** The authors' networks of the paper's table 2, by patch size of the first grid. */
  static Map<String, Network> presets() {
    Map<String, Network> presets = new LinkedHashMap<>();
    presets.put("ViP-S/14", of(14, List.of(4, 3, 8, 3), List.of(384, 384, 384, 384)));
    presets.put("ViP-S/7", of(7, List.of(4, 3, 8, 3), List.of(192, 384, 384, 384)));
    presets.put("ViP-M/7", of(7, List.of(4, 3, 14, 3), List.of(256, 256, 512, 512)));
    presets.put("ViP-L/7", of(7, List.of(8, 8, 16, 4), List.of(256, 512, 512, 512)));
    return presets;
  }

  private static VisionPermutator of(int patch, List<Integer> blocks, List<Integer> sizes) {
    return new VisionPermutator(ImageInput.imageNet(224, 3), patch, blocks, sizes, 3, 1000);
  }
}

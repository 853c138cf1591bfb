package dev.mixer4j.core.network;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.layer.Affine;
import dev.mixer4j.core.layer.Conv2d;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.layer.Layer;
import dev.mixer4j.core.layer.LayerScale;
import dev.mixer4j.core.layer.Mlp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The ResMLP of arXiv 2105.03404, section 2: a linear layer across tokens and an MLP across
 * channels alternate, with affine maps instead of normalization. Structure and initial values
 * follow timm's {@code MlpMixer} with {@code ResBlock} ({@code timm/models/mlp_mixer.py}).
 *
 * @param input the images, square; the size is a multiple of the patch size
 * @param patchSize height and width of a patch, in pixels
 * @param hiddenSize channels of a token (d)
 * @param blocks number of blocks
 * @param mlpSize width of the MLP (4d)
 * @param classes number of classes; 0 for no head
 * @param layerScale initial value of the factors of the residual branches
 */
public record ResMlp(
    ImageInput input,
    @Setting("Height and width of a patch, in pixels.") int patchSize,
    @Setting("Channels of a token.") int hiddenSize,
    @Setting("Number of blocks.") int blocks,
    @Setting("Width of the MLP.") int mlpSize,
    int classes,
    @Setting("Initial value of layer scale.") float layerScale)
    implements Network {

  private static final Initializer MLP_BIAS = new Initializer.Normal(1e-6);

  /** A linear layer across tokens, then an MLP across channels, each a residual branch. */
  private final class Block implements Layer {
    private final LayerScale scale1;
    private final LayerScale scale2;
    private final Affine affine1;
    private final Dense tokenMixing;
    private final Affine affine2;
    private final Mlp channelMixing;

    Block(int index) {
      String name = "Block_" + index;
      scale1 = new LayerScale(name + "/layer_scale1", hiddenSize, layerScale);
      scale2 = new LayerScale(name + "/layer_scale2", hiddenSize, layerScale);
      affine1 = new Affine(name + "/affine1", hiddenSize);
      tokenMixing =
          new Dense(
              name + "/token_mixing",
              tokens(),
              tokens(),
              Initializer.XAVIER_UNIFORM,
              Initializer.ZEROS);
      affine2 = new Affine(name + "/affine2", hiddenSize);
      channelMixing =
          new Mlp(
              name + "/channel_mixing",
              tokens(),
              hiddenSize,
              mlpSize,
              Gelu.ERF,
              (layer, in, out) -> new Dense(layer, in, out, Initializer.XAVIER_UNIFORM, MLP_BIAS));
    }

    @Override
    public List<Variable> variables() {
      return Layer.variables(
          Stream.of(scale1, scale2, affine1, tokenMixing, affine2, channelMixing));
    }

    /** From [batch, tokens, hidden] to the same shape. */
    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      x = add(pass, x, scale1.apply(pass, mixTokens(pass, affine1.apply(pass, x))));
      Operand<TFloat32> y = channelMixing.apply(pass, affine2.apply(pass, x));
      return add(pass, x, scale2.apply(pass, y));
    }

    private Operand<TFloat32> mixTokens(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      Operand<TFloat32> rows = tf.linalg.transpose(x, tf.array(0, 2, 1));
      rows = tf.reshape(rows, tf.array(-1, tokens()));
      rows = tokenMixing.apply(pass, rows, pass.precision());
      rows = tf.reshape(rows, tf.array(-1, hiddenSize, tokens()));
      return tf.linalg.transpose(rows, tf.array(0, 2, 1));
    }

    /** Stochastic depth has the same rate in all blocks, as in timm. */
    private Operand<TFloat32> add(Pass pass, Operand<TFloat32> x, Operand<TFloat32> branch) {
      return pass.tf().math.add(x, pass.stochasticDepth(branch));
    }
  }

  private Conv2d stem() {
    return new Conv2d(
        "stem",
        patchSize,
        patchSize,
        0,
        input.channels(),
        hiddenSize,
        Initializer.LECUN_NORMAL,
        Initializer.ZEROS);
  }

  private List<Block> allBlocks() {
    return IntStream.range(0, blocks).mapToObj(i -> new Block(i)).toList();
  }

  private Affine lastNorm() {
    return new Affine("norm", hiddenSize);
  }

  private Dense head() {
    return new Dense("head", hiddenSize, classes, Initializer.ZEROS, Initializer.ZEROS);
  }

  @Override
  public List<Variable> variables() {
    List<Layer> layers = new ArrayList<>(List.of(stem()));
    layers.addAll(allBlocks());
    layers.addAll(List.of(lastNorm(), head()));
    return Layer.variables(layers.stream());
  }

  /** The intermediate outputs are those of the stem and of each block, [batch, tokens, hidden]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    Operand<TFloat32> x =
        tf.reshape(stem().apply(pass, images), tf.array(-1, tokens(), hiddenSize));
    outputs.add(x);
    for (Block block : allBlocks()) {
      x = block.apply(pass, x);
      outputs.add(x);
    }
    Operand<TFloat32> features = tf.math.mean(lastNorm().apply(pass, x), tf.constant(1));
    return new Outputs(List.copyOf(outputs), features, head().apply(pass, features));
  }

  @Override
  public String family() {
    return "resmlp";
  }

  @Override
  public int featureSize() {
    return hiddenSize;
  }

  @Override
  public ImageTransform defaultTransform() {
    return ImageTransform.TIMM;
  }

  private int tokens() {
    return Math.multiplyExact(input.size() / patchSize, input.size() / patchSize);
  }

  /**
   * Checks the numbers.
   *
   * @param input square images
   * @param patchSize above 0; divides the image size
   * @param hiddenSize above 0
   * @param blocks 1 to 10,000
   * @param mlpSize above 0
   * @param classes 0 or more
   * @param layerScale finite
   * @throws IllegalArgumentException if one is out of its range
   */
  public ResMlp {
    Objects.requireNonNull(input, "input");
    Networks.positive("hidden_size", hiddenSize);
    Networks.layers("blocks", blocks);
    Networks.positive("mlp_size", mlpSize);
    Networks.patches(input, patchSize);
    Networks.classes(classes);
    Networks.check(
        Float.isFinite(layerScale), "layer_scale must be a finite number, found %s", layerScale);
  }

  @Override
  public ResMlp withClasses(int newClasses) {
    return new ResMlp(input, patchSize, hiddenSize, blocks, mlpSize, newClasses, layerScale);
  }

  @Override
  public ResMlp withInput(ImageInput newInput) {
    return new ResMlp(newInput, patchSize, hiddenSize, blocks, mlpSize, classes, layerScale);
  }

  /**
   * Reads the geometry off the shapes. The layer scale is that of the presets of this depth and
   * width; pixels are normalized as ImageNet's.
   */
  static ResMlp infer(Shapes shapes) {
    int tokens = shapes.size("Block_0/token_mixing/kernel", 0, 2);
    int grid = (int) Math.round(Math.sqrt(tokens));
    Networks.check(
        grid * grid == tokens,
        "Block_0/token_mixing/kernel: expected a square number of tokens, found %d tokens; only"
            + " square images are read",
        tokens);
    int patch = shapes.size("stem/kernel", 0, 4);
    int size = Math.multiplyExact(grid, patch);
    int hidden = shapes.size("stem/kernel", 3, 4);
    int blocks = shapes.count("Block_");
    return new ResMlp(
        ImageInput.imageNet(size, shapes.size("stem/kernel", 2, 4)),
        patch,
        hidden,
        blocks,
        shapes.size("Block_0/channel_mixing/Dense_0/kernel", 1, 2),
        shapes.classes(),
        layerScale(blocks, hidden));
  }

  /** timm's initial values of layer scale: the deeper or wider the network, the smaller. */
  private static float layerScale(int blocks, int hidden) {
    if (blocks <= 12) {
      return 1e-4f;
    }
    return blocks <= 24 && hidden <= 384 ? 1e-5f : 1e-6f;
  }

  private static ResMlp published(int patch, int hidden, int blocks) {
    ImageInput input = ImageInput.imageNet(224, 3);
    float scale = layerScale(blocks, hidden);
    return new ResMlp(input, patch, hidden, blocks, 4 * hidden, 1000, scale);
  }

  /** The models of the authors' repository, github.com/facebookresearch/deit, by its names. */
  static Map<String, Network> presets() {
    Map<String, Network> presets = new LinkedHashMap<>();
    presets.put("ResMLP-S12", published(16, 384, 12));
    presets.put("ResMLP-S24", published(16, 384, 24));
    presets.put("ResMLP-S36", published(16, 384, 36));
    presets.put("ResMLP-B24", published(8, 768, 24));
    return presets;
  }
}

package dev.mixer4j.core.network;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The MLP-Mixer of arXiv 2105.01601, figure 1 and appendix E.
 *
 * <pre>{@code
 * Mixer preset = (Mixer) Networks.preset("Mixer-B/16").orElseThrow();
 * Mixer small = Mixer.of(32, 4, 128, 8, 64, 512, 10); // 32 x 32 pixels, patches of 4, 10 classes
 * }</pre>
 *
 * <p>Structure and names follow {@code vit_jax/models_mixer.py} of
 * google-research/vision_transformer. Symbols in parentheses are the paper's (section 2 and table
 * 1).
 *
 * @param input the images, square; the size is a multiple of the patch size
 * @param patchSize height and width of a patch (P), in pixels
 * @param hiddenSize channels of a token (C)
 * @param blocks number of Mixer blocks
 * @param tokensMlpSize width of the token-mixing MLP (D_S)
 * @param channelsMlpSize width of the channel-mixing MLP (D_C)
 * @param classes number of classes; 0 for no head
 * @param gelu form of the activation
 * @param layerNormEpsilon added to the variance under the root; 1e-6 in Flax's and timm's Mixers
 */
public record Mixer(
    ImageInput input,
    @Setting("Height and width of a patch, in pixels.") int patchSize,
    @Setting("Channels of a token.") int hiddenSize,
    @Setting("Number of blocks.") int blocks,
    @Setting("Width of the token-mixing MLP.") int tokensMlpSize,
    @Setting("Width of the channel-mixing MLP.") int channelsMlpSize,
    int classes,
    @Setting(value = "Form of GELU: erf or tanh.", label = "FORM") Gelu gelu,
    @Setting("Epsilon of layer normalization.") float layerNormEpsilon)
    implements Network {

  /** Flax's default, and timm's choice for Mixers. */
  public static final float DEFAULT_EPSILON = 1e-6f;

  /** Token mixing, then channel mixing, each a residual branch. */
  private final class Block implements Layer {
    private final int index;
    private final LayerNorm norm0;
    private final Mlp tokenMixing;
    private final LayerNorm norm1;
    private final Mlp channelMixing;

    Block(int index) {
      this.index = index;
      String name = "MixerBlock_" + index;
      norm0 = norm(name + "/LayerNorm_0");
      tokenMixing = new Mlp(name + "/token_mixing", hiddenSize, tokens(), tokensMlpSize, gelu);
      norm1 = norm(name + "/LayerNorm_1");
      channelMixing =
          new Mlp(name + "/channel_mixing", tokens(), hiddenSize, channelsMlpSize, gelu);
    }

    @Override
    public List<Variable> variables() {
      return Layer.variables(Stream.of(norm0, tokenMixing, norm1, channelMixing));
    }

    /** From [batch, tokens, hidden] to the same shape. */
    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      Operand<TFloat32> y = transpose(tf, norm0.apply(pass, x));
      y = transpose(tf, tokenMixing.apply(pass, y));
      x = tf.math.add(x, pass.stochasticDepth(y, index, blocks));
      y = channelMixing.apply(pass, norm1.apply(pass, x));
      return tf.math.add(x, pass.stochasticDepth(y, index, blocks));
    }

    private static Operand<TFloat32> transpose(Ops tf, Operand<TFloat32> x) {
      return tf.linalg.transpose(x, tf.array(0, 2, 1));
    }
  }

  /** A linear map of each patch. */
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

  private LayerNorm norm(String name) {
    return new LayerNorm(name, hiddenSize, layerNormEpsilon);
  }

  private LayerNorm lastNorm() {
    return norm("pre_head_layer_norm");
  }

  private Dense head() {
    return new Dense("head", hiddenSize, classes, Initializer.ZEROS, Initializer.ZEROS);
  }

  /** The names are those of the published JAX checkpoints. */
  @Override
  public List<Variable> variables() {
    List<Layer> layers = new ArrayList<>(List.of(stem()));
    layers.addAll(allBlocks());
    layers.addAll(List.of(lastNorm(), head()));
    return Layer.variables(layers.stream());
  }

  /** The intermediate outputs are those of the blocks, [batch, tokens, hidden]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    Operand<TFloat32> patches = stem().apply(pass, images);
    Operand<TFloat32> x = tf.reshape(patches, tf.array(-1, tokens(), hiddenSize));
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (Block block : allBlocks()) {
      x = block.apply(pass, x);
      outputs.add(x);
    }
    Operand<TFloat32> features = tf.math.mean(lastNorm().apply(pass, x), tf.constant(1));
    return new Outputs(List.copyOf(outputs), features, head().apply(pass, features));
  }

  @Override
  public String family() {
    return "mixer";
  }

  @Override
  public int featureSize() {
    return hiddenSize;
  }

  @Override
  public ImageTransform defaultTransform() {
    return ImageTransform.TIMM;
  }

  /** {@return the number of tokens (S), one for each patch: {@code (imageSize / patchSize)²}} */
  public int tokens() {
    return Math.multiplyExact(input.size() / patchSize, input.size() / patchSize);
  }

  /**
   * Checks the numbers.
   *
   * @param input square images
   * @param patchSize above 0; divides the image size
   * @param hiddenSize above 0
   * @param blocks 1 to 10,000
   * @param tokensMlpSize above 0
   * @param channelsMlpSize above 0
   * @param classes 0 or more
   * @param gelu not null
   * @param layerNormEpsilon above 0, at most 1
   * @throws IllegalArgumentException if one is out of its range
   */
  public Mixer {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(gelu, "gelu");
    Networks.positive("hidden_size", hiddenSize);
    Networks.layers("blocks", blocks);
    Networks.positive("tokens_mlp_size", tokensMlpSize);
    Networks.positive("channels_mlp_size", channelsMlpSize);
    Networks.patches(input, patchSize);
    Networks.classes(classes);
    Networks.epsilon("layer_norm_epsilon", layerNormEpsilon);
  }

  /**
   * {@return a Mixer with exact GELU, LayerNorm epsilon 1e-6, and pixels of three channels scaled
   * to [-1, 1]}
   *
   * @param imageSize height and width of the images, in pixels; a multiple of the patch size
   * @param patchSize height and width of a patch (P), in pixels
   * @param hiddenSize channels of a token (C)
   * @param blocks number of Mixer blocks
   * @param tokensMlpSize width of the token-mixing MLP (D_S)
   * @param channelsMlpSize width of the channel-mixing MLP (D_C)
   * @param classes number of classes; 0 for no head
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static Mixer of(
      int imageSize,
      int patchSize,
      int hiddenSize,
      int blocks,
      int tokensMlpSize,
      int channelsMlpSize,
      int classes) {
    return new Mixer(
        ImageInput.square(imageSize, 3),
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        classes,
        Gelu.ERF,
        DEFAULT_EPSILON);
  }

  @Override
  public Mixer withClasses(int newClasses) {
    return with(input, newClasses, gelu);
  }

  @Override
  public Mixer withInput(ImageInput newInput) {
    return with(newInput, classes, gelu);
  }

  /**
   * {@return this network with another form of GELU}
   *
   * @param newGelu form of the activation
   */
  public Mixer withGelu(Gelu newGelu) {
    return with(input, classes, newGelu);
  }

  private Mixer with(ImageInput newInput, int newClasses, Gelu newGelu) {
    return new Mixer(
        newInput,
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        newClasses,
        newGelu,
        layerNormEpsilon);
  }

  /** Reads the geometry off the shapes of a Mixer's variables. */
  static Mixer infer(Shapes shapes) {
    int tokens = shapes.size("MixerBlock_0/token_mixing/Dense_0/kernel", 0, 2);
    int grid = (int) Math.round(Math.sqrt(tokens));
    Networks.check(
        grid * grid == tokens,
        "MixerBlock_0/token_mixing/Dense_0/kernel: expected a square number of tokens, found %d"
            + " tokens; only square images are read",
        tokens);
    int patch = shapes.size("stem/kernel", 0, 4);
    ImageInput input =
        ImageInput.square(Math.multiplyExact(grid, patch), shapes.size("stem/kernel", 2, 4));
    return of(
            input.size(),
            patch,
            shapes.size("stem/kernel", 3, 4),
            shapes.count("MixerBlock_"),
            shapes.size("MixerBlock_0/token_mixing/Dense_0/kernel", 1, 2),
            shapes.size("MixerBlock_0/channel_mixing/Dense_0/kernel", 1, 2),
            shapes.classes())
        .withInput(input);
  }

  /** Table 1 of the paper, and S/4 for images of CIFAR-10's size; all for images of 224 pixels. */
  static Map<String, Network> presets() {
    Map<String, Network> presets = new LinkedHashMap<>();
    presets.put("Mixer-S/32", of(224, 32, 512, 8, 256, 2048, 1000));
    presets.put("Mixer-S/16", of(224, 16, 512, 8, 256, 2048, 1000));
    presets.put("Mixer-S/4", of(224, 4, 512, 8, 256, 2048, 1000));
    presets.put("Mixer-B/32", of(224, 32, 768, 12, 384, 3072, 1000));
    presets.put("Mixer-B/16", of(224, 16, 768, 12, 384, 3072, 1000));
    presets.put("Mixer-L/32", of(224, 32, 1024, 24, 512, 4096, 1000));
    presets.put("Mixer-L/16", of(224, 16, 1024, 24, 512, 4096, 1000));
    presets.put("Mixer-H/14", of(224, 14, 1280, 32, 640, 5120, 1000));
    return presets;
  }
}

package dev.mixer4j.core.network;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Initializer.Normal;
import dev.mixer4j.core.Initializer.TorchNormal;
import dev.mixer4j.core.Initializer.TorchUniform;
import dev.mixer4j.core.Initializer.TorchZeroed;
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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.BatchMatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The Vision Transformer of arXiv 2010.11929, section 3.1: patches, a class token in front, learned
 * positions, blocks of self-attention and MLP with normalization before each, and a head on the
 * class token. GELU is exact.
 *
 * <pre>{@code
 * Network network = Networks.preset("ViT-B/16").orElseThrow().withClasses(10);
 * }</pre>
 *
 * <p>With a final normalization, the network and its initial values are those of timm's {@code
 * vision_transformer.py}. Without it, they are those of github.com/ji2814/hello-MNIST: {@code
 * torch.nn.MultiheadAttention} with {@code batch_first} and PyTorch's defaults.
 *
 * @param input the images, square; the size is a multiple of the patch size
 * @param patchSize height and width of a patch, in pixels
 * @param hiddenSize channels of a token (D)
 * @param blocks number of blocks (L)
 * @param heads of attention; divides the hidden size
 * @param mlpSize width of the MLPs
 * @param classes number of classes; 0 for no head
 * @param finalNorm whether the class token is normalized before the head
 * @param layerNormEpsilon added to the variance under the root; timm has 1e-6, PyTorch 1e-5
 */
public record VisionTransformer(
    ImageInput input,
    @Setting("Height and width of a patch, in pixels.") int patchSize,
    @Setting("Channels of a token.") int hiddenSize,
    @Setting("Number of blocks.") int blocks,
    @Setting("Heads of attention; divides the channels.") int heads,
    @Setting("Width of the MLPs.") int mlpSize,
    int classes,
    @Setting("Normalization before the head.") boolean finalNorm,
    @Setting("Epsilon of layer normalization.") float layerNormEpsilon)
    implements Network {

  private static final String CLASS_TOKEN = "embedding/class_token";
  private static final String POSITIONS = "embedding/positions";

  /** Attention, then the MLP, each a residual branch: from [batch, tokens, hidden] to the same. */
  private final class Block implements Layer {
    private final int index;
    private final LayerNorm norm1;
    private final Dense out;
    private final Dense qkv;
    private final LayerNorm norm2;
    private final Mlp mlp;

    Block(int index) {
      this.index = index;
      String name = "Block_" + index;
      norm1 = norm(name + "/norm1");
      out = outOfAttention(name + "/attention/out");
      qkv = intoAttention(name + "/attention/qkv");
      norm2 = norm(name + "/norm2");
      mlp =
          new Mlp(
              name + "/mlp",
              tokens(),
              hiddenSize,
              mlpSize,
              Gelu.ERF,
              VisionTransformer.this::dense);
    }

    @Override
    public List<Variable> variables() {
      return Layer.variables(Stream.of(norm1, out, qkv, norm2, mlp));
    }

    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      Operand<TFloat32> y = pass.dropout(attention(pass, norm1.apply(pass, x)));
      x = tf.math.add(x, pass.stochasticDepth(y, index, blocks));
      y = mlp.apply(pass, norm2.apply(pass, x));
      return tf.math.add(x, pass.stochasticDepth(y, index, blocks));
    }

    /** Equation 1 of arXiv 1706.03762 for each head, among the tokens of an image. */
    private Operand<TFloat32> attention(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf();
      int size = hiddenSize / heads;
      Operand<TFloat32> matrix = tf.reshape(x, tf.array(-1, hiddenSize));
      Operand<TFloat32> all = qkv.apply(pass, matrix, pass.precision());
      all = tf.reshape(all, tf.array(-1, tokens(), 3, heads, size));
      List<? extends Operand<TFloat32>> each =
          tf.unstack(tf.linalg.transpose(all, tf.array(2, 0, 3, 1, 4)), 3L).output();
      Operand<TFloat32> query =
          tf.math.mul(each.get(0), tf.constant((float) (1 / Math.sqrt(size))));
      Operand<TFloat32> scores =
          tf.train.batchMatMul(query, each.get(1), TFloat32.class, BatchMatMul.adjY(true));
      Operand<TFloat32> mixed =
          tf.train.batchMatMul(tf.nn.softmax(scores), each.get(2), TFloat32.class);
      mixed = tf.linalg.transpose(mixed, tf.array(0, 2, 1, 3));
      Operand<TFloat32> y =
          out.apply(pass, tf.reshape(mixed, tf.array(-1, hiddenSize)), pass.precision());
      return tf.reshape(y, tf.array(-1, tokens(), hiddenSize));
    }
  }

  private Dense dense(String name, int in, int out) {
    return finalNorm
        ? new Dense(name, in, out, new Normal(0.02), Initializer.ZEROS)
        : Dense.torch(name, in, out);
  }

  private Dense outOfAttention(String name) {
    return finalNorm
        ? dense(name, hiddenSize, hiddenSize)
        : new Dense(
            name, hiddenSize, hiddenSize, TorchUniform.weight(hiddenSize), new TorchZeroed());
  }

  private Dense intoAttention(String name) {
    int out = Math.multiplyExact(3, hiddenSize);
    return finalNorm
        ? dense(name, hiddenSize, out)
        : new Dense(
            name,
            hiddenSize,
            out,
            new TorchUniform(Math.sqrt(3) * Math.sqrt(2.0 / (hiddenSize + out))),
            Initializer.ZEROS);
  }

  /** A linear map of each patch. */
  private Conv2d stem() {
    long fanIn = (long) patchSize * patchSize * input.channels();
    return new Conv2d(
        "stem",
        patchSize,
        patchSize,
        0,
        input.channels(),
        hiddenSize,
        TorchUniform.weight(fanIn),
        TorchUniform.bias(fanIn));
  }

  private List<Block> allBlocks() {
    return IntStream.range(0, blocks).mapToObj(Block::new).toList();
  }

  private LayerNorm norm(String name) {
    return new LayerNorm(name, hiddenSize, layerNormEpsilon);
  }

  private Stream<LayerNorm> lastNorm() {
    return finalNorm ? Stream.of(norm("norm")) : Stream.of();
  }

  private Dense head() {
    return dense("head", hiddenSize, classes);
  }

  @Override
  public List<Variable> variables() {
    List<Variable> variables = new ArrayList<>(stem().variables());
    variables.add(
        new Variable(
            CLASS_TOKEN,
            Shape.of(1, hiddenSize),
            finalNorm ? new Normal(1e-6) : new TorchNormal()));
    variables.add(
        new Variable(
            POSITIONS,
            Shape.of(tokens(), hiddenSize),
            finalNorm ? new Normal(0.02) : new TorchNormal()));
    List<Layer> layers = new ArrayList<>(allBlocks());
    lastNorm().forEach(layers::add);
    layers.add(head());
    variables.addAll(Layer.variables(layers.stream()));
    return variables;
  }

  /** The intermediate outputs are those of the blocks, [batch, tokens, hidden]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    Operand<TFloat32> patches =
        tf.reshape(stem().apply(pass, images), tf.array(-1, tokens() - 1, hiddenSize));
    Operand<TInt32> batch = tf.slice(tf.shape(patches), tf.array(0), tf.array(1));
    Operand<TFloat32> first =
        tf.broadcastTo(
            pass.value(CLASS_TOKEN),
            tf.concat(List.of(batch, tf.array(1, hiddenSize)), tf.constant(0)));
    Operand<TFloat32> x = tf.concat(List.of(first, patches), tf.constant(1));
    x = pass.dropout(tf.math.add(x, pass.value(POSITIONS)));
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (Block block : allBlocks()) {
      x = block.apply(pass, x);
      outputs.add(x);
    }
    Operand<TFloat32> token = tf.gather(x, tf.constant(0), tf.constant(1));
    Operand<TFloat32> features =
        lastNorm().findFirst().map(norm -> norm.apply(pass, token)).orElse(token);
    return new Outputs(List.copyOf(outputs), features, head().apply(pass, features));
  }

  @Override
  public String family() {
    return "vit";
  }

  @Override
  public int featureSize() {
    return hiddenSize;
  }

  /** timm's for its own networks. */
  @Override
  public ImageTransform defaultTransform() {
    return finalNorm
        ? ImageTransform.centerCrop(0.9, Interpolation.BICUBIC)
        : Network.super.defaultTransform();
  }

  /** {@return the number of tokens: one for each patch, and the class token} */
  public int tokens() {
    return Math.multiplyExact(input.size() / patchSize, input.size() / patchSize) + 1;
  }

  /**
   * Checks the numbers.
   *
   * @param input square images
   * @param patchSize above 0; divides the image size
   * @param hiddenSize above 0
   * @param blocks 1 to 10,000
   * @param heads above 0; divides the hidden size
   * @param mlpSize above 0
   * @param classes 0 or more
   * @param finalNorm whether the class token is normalized before the head
   * @param layerNormEpsilon above 0, at most 1
   * @throws IllegalArgumentException if one is out of its range
   */
  public VisionTransformer {
    Objects.requireNonNull(input, "input");
    Networks.positive("hidden_size", hiddenSize);
    Networks.layers("blocks", blocks);
    Networks.positive("heads", heads);
    Networks.positive("mlp_size", mlpSize);
    Networks.patches(input, patchSize);
    Networks.check(
        hiddenSize % heads == 0, "hidden_size %d is not a multiple of heads %d", hiddenSize, heads);
    Networks.classes(classes);
    Networks.epsilon("layer_norm_epsilon", layerNormEpsilon);
  }

  @Override
  public VisionTransformer withClasses(int newClasses) {
    return with(input, newClasses);
  }

  @Override
  public VisionTransformer withInput(ImageInput newInput) {
    return with(newInput, classes);
  }

  private VisionTransformer with(ImageInput newInput, int newClasses) {
    return new VisionTransformer(
        newInput,
        patchSize,
        hiddenSize,
        blocks,
        heads,
        mlpSize,
        newClasses,
        finalNorm,
        layerNormEpsilon);
  }

  /**
   * Reads the geometry off the shapes. The number of heads does not show in them: timm's networks
   * have 64 channels in a head, those without a final normalization are taken to have 8 heads.
   */
  static VisionTransformer infer(Shapes shapes) {
    int tokens = shapes.size(POSITIONS, 0, 2);
    int grid = (int) Math.round(Math.sqrt(tokens - 1.0));
    Networks.check(
        grid * grid == tokens - 1 && grid > 0,
        "%s: expected a token for the class and a square number of others, found %d tokens",
        POSITIONS,
        tokens);
    int patch = shapes.size("stem/kernel", 0, 4);
    int hidden = shapes.size("stem/kernel", 3, 4);
    boolean timm = shapes.has("norm/scale");
    return new VisionTransformer(
        ImageInput.square(Math.multiplyExact(grid, patch), shapes.size("stem/kernel", 2, 4)),
        patch,
        hidden,
        shapes.count("Block_"),
        timm ? Math.max(1, hidden / 64) : 8,
        shapes.size("Block_0/mlp/Dense_0/kernel", 1, 2),
        shapes.classes(),
        timm,
        timm ? 1e-6f : 1e-5f);
  }

  /** hello-MNIST's, for MNIST's images, and timm's {@code vit_*_patch16_224}. */
  static Map<String, Network> presets() {
    Map<String, Network> presets = new LinkedHashMap<>();
    presets.put(
        "ViT-4/64",
        new VisionTransformer(ImageInput.square(28, 1), 4, 64, 4, 8, 128, 10, false, 1e-5f));
    presets.put("ViT-Ti/16", timm(192, 12, 3));
    presets.put("ViT-S/16", timm(384, 12, 6));
    presets.put("ViT-B/16", timm(768, 12, 12));
    presets.put("ViT-L/16", timm(1024, 24, 16));
    return presets;
  }

  private static VisionTransformer timm(int hidden, int blocks, int heads) {
    return new VisionTransformer(
        ImageInput.square(224, 3), 16, hidden, blocks, heads, 4 * hidden, 1000, true, 1e-6f);
  }
}

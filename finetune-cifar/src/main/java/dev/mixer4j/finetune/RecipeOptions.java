package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.weights.command.NormalizationOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that override a recipe's settings; each is null where it is not given. */
final class RecipeOptions {

  private static final JsonMapper JSON = new JsonMapper();

  @Option(
      names = "--recipe",
      defaultValue = "adam",
      paramLabel = "NAME",
      description =
          "adam, paper, linear-probe, or a JSON file of settings; the options below override them"
              + " (default: ${DEFAULT-VALUE}).")
  private String recipe;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Times that each image is trained on.")
  private Integer epochs;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Updates, in place of epochs.")
  private Integer steps;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Images in an update.")
  private Integer batchSize;

  @Option(
      names = "--micro-batch-size",
      paramLabel = "N",
      description = "Images at once; an update sums the gradients of several. 0 for all at once.")
  private Integer microBatchSize;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description =
          "Of the network's products: float32, tf32 (what a GPU makes of float32 where it may) or"
              + " bfloat16. Weights and optimizer are float32 in each.")
  private String precision;

  @Option(
      names = "--xla",
      negatable = true,
      description = "Let TensorFlow's compiler join operations; it takes its time at the start.")
  private Boolean xla;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description = "sgd, momentum, adagrad, rmsprop, adam or adamw, as PyTorch has them.")
  private String optimizer;

  @Option(names = "--momentum", paramLabel = "M", description = "Of momentum and rmsprop.")
  private Double momentum;

  @Option(names = "--nesterov", negatable = true, description = "Nesterov's form of momentum.")
  private Boolean nesterov;

  @Option(names = "--beta1", paramLabel = "B", description = "Of adam and adamw.")
  private Double beta1;

  @Option(names = "--beta2", paramLabel = "B", description = "Of adam and adamw.")
  private Double beta2;

  @Option(names = "--alpha", paramLabel = "A", description = "Of rmsprop.")
  private Double alpha;

  @Option(names = "--epsilon", paramLabel = "E", description = "Of all optimizers that divide.")
  private Double epsilon;

  @Option(names = "--weight-decay", paramLabel = "W", description = "Decoupled in adamw only.")
  private Double weightDecay;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      converter = Positive.Real.class,
      description = "The optimizer's step size, where no schedule lowers it.")
  private Double learningRate;

  @Option(names = "--schedule", paramLabel = "NAME", description = "constant, linear or cosine.")
  private String schedule;

  @Option(names = "--warmup-steps", paramLabel = "N", description = "The rate grows from 0.")
  private Long warmupSteps;

  @Option(
      names = "--clip-norm",
      paramLabel = "G",
      description = "Largest global norm of the gradients; 0 for no limit.")
  private Double clipNorm;

  @Option(names = "--head-only", negatable = true, description = "All but the head stays frozen.")
  private Boolean headOnly;

  @Option(
      names = "--new-head",
      negatable = true,
      description = "A head of zeros even where the weights' own fits the data.")
  private Boolean newHead;

  @Option(
      names = "--crop-min-area",
      paramLabel = "A",
      description = "Random crops of at least this share of an image; 0 for none.")
  private Double cropMinArea;

  @Option(names = "--flip", negatable = true, description = "Mirror images at random.")
  private Boolean flip;

  @Option(names = "--no-augment", description = "Neither crops nor flips.")
  private boolean noAugment;

  @Option(names = "--label-smoothing", paramLabel = "S", description = "As PyTorch has it.")
  private Double labelSmoothing;

  @Option(names = "--mixup", paramLabel = "A", description = "Alpha of mixup; 0 for none.")
  private Double mixup;

  @Option(names = "--dropout", paramLabel = "P", description = "In the MLPs.")
  private Double dropout;

  @Option(
      names = "--stochastic-depth",
      paramLabel = "P",
      description = "Images that skip a block, growing from 0 to P in the last.")
  private Double stochasticDepth;

  @Option(
      names = "--ema-decay",
      paramLabel = "D",
      description = "Measure and keep a moving average of the weights; 0 for none.")
  private Double emaDecay;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Decides order, crops and flips: the same again repeats a run (default: 1024).")
  private Long seed;

  @Option(names = "--shuffle", negatable = true, description = "A new order in each epoch.")
  private Boolean shuffle;

  @Option(
      names = "--cache",
      paramLabel = "PLACE",
      description =
          "host or device: where the training images stay (default: device on a GPU, up to 1 GB).")
  private String cache;

  @Option(
      names = "--log-every",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Steps between two rows of metrics.csv (default: 50).")
  private Integer logEvery;

  @Option(
      names = "--eval-every",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Steps between two measurements (default: an epoch).")
  private Integer evalEvery;

  @Option(
      names = "--save-every",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Steps between two checkpoints (default: with each measurement).")
  private Integer saveEvery;

  @Option(
      names = "--keep",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Checkpoints that stay (default: 1).")
  private Integer keep;

  @Option(
      names = "--patience",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Stop early after N measurements without a new best.")
  private Integer patience;

  @Mixin private NormalizationOptions normalization;

  String recipe() {
    return recipe;
  }

  /** What is given, as a recipe has it. */
  ObjectNode overrides() {
    ObjectNode given = JSON.createObjectNode();
    put(given, "epochs", epochs);
    put(given, "steps", steps);
    put(given, "batch_size", batchSize);
    putOrNone(given, "micro_batch_size", microBatchSize);
    put(given, "precision", precision);
    put(given, "xla", xla);
    put(given, "learning_rate", learningRate);
    put(given, "schedule", schedule);
    put(given, "warmup_steps", warmupSteps);
    putOrNone(given, "clip_norm", clipNorm);
    put(given, "head_only", headOnly);
    put(given, "new_head", newHead);
    putOrNone(given, "crop_min_area", noAugment ? Double.valueOf(0) : cropMinArea);
    put(given, "flip", noAugment ? Boolean.FALSE : flip);
    put(given, "label_smoothing", labelSmoothing);
    put(given, "mixup", mixup);
    put(given, "dropout", dropout);
    put(given, "stochastic_depth", stochasticDepth);
    putOrNone(given, "ema_decay", emaDecay);
    put(given, "seed", seed);
    put(given, "shuffle", shuffle);
    put(given, "cache", cache);
    put(given, "log_every", logEvery);
    put(given, "eval_every", evalEvery);
    put(given, "save_every", saveEvery);
    put(given, "keep", keep);
    put(given, "patience", patience);
    put(given, "mean", normalization.mean() == null ? null : normalization.mean().toString());
    put(given, "std", normalization.std() == null ? null : normalization.std().toString());
    ObjectNode rule = JSON.createObjectNode();
    put(rule, "name", optimizer);
    put(rule, "momentum", momentum);
    put(rule, "nesterov", nesterov);
    put(rule, "beta1", beta1);
    put(rule, "beta2", beta2);
    put(rule, "alpha", alpha);
    put(rule, "epsilon", epsilon);
    put(rule, "weight_decay", weightDecay);
    if (!rule.isEmpty()) {
      given.set("optimizer", rule);
    }
    return given;
  }

  private static void put(ObjectNode given, String name, Object value) {
    if (value != null) {
      given.set(name, JSON.valueToTree(value));
    }
  }

  /** Where 0 is to take a recipe's setting away. */
  private static void putOrNone(ObjectNode given, String name, Number value) {
    if (value != null && value.doubleValue() == 0) {
      given.putNull(name);
    } else {
      put(given, name, value);
    }
  }
}

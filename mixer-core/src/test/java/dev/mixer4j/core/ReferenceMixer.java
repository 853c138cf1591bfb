package dev.mixer4j.core;

import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;

/**
 * The paper's equations (1) in plain loops and double precision, written for reading, as an
 * independent check of the TensorFlow graph.
 */
public final class ReferenceMixer {

  private final Mixer config;
  private final Map<String, float[]> weights = new HashMap<>();

  public ReferenceMixer(Weights source) {
    config = (Mixer) source.network();
    config
        .shapes()
        .forEach(
            (name, shape) -> {
              var buffer = java.nio.FloatBuffer.allocate((int) shape.size());
              source.read(name, buffer);
              weights.put(name, buffer.array());
            });
  }

  /** Logits of one image, [size * size * 3] in rows of pixels. */
  public double[] logits(float[] image) {
    return logits(image, branch -> 1);
  }

  /**
   * The same where branches are scaled.
   *
   * @param scales the factor of each branch; they count from 0, two in a block
   */
  public double[] logits(float[] image, IntToDoubleFunction scales) {
    double[][] x = stem(image);
    for (int i = 0; i < config.blocks(); i++) {
      String block = "MixerBlock_" + i;
      double[][] mixed =
          transpose(mlp(transpose(layerNorm(x, block + "/LayerNorm_0")), block + "/token_mixing"));
      x = add(x, mixed, scales.applyAsDouble(2 * i));
      mixed = mlp(layerNorm(x, block + "/LayerNorm_1"), block + "/channel_mixing");
      x = add(x, mixed, scales.applyAsDouble(2 * i + 1));
    }
    x = layerNorm(x, "pre_head_layer_norm");
    double[] mean = new double[config.hiddenSize()];
    for (double[] token : x) {
      for (int c = 0; c < mean.length; c++) {
        mean[c] += token[c] / x.length;
      }
    }
    return config.classes() == 0 ? mean : dense(new double[][] {mean}, "head")[0];
  }

  private double[][] stem(float[] image) {
    int patch = config.patchSize();
    int size = config.input().size();
    int grid = size / patch;
    float[] kernel = weights.get("stem/kernel");
    double[][] tokens = new double[grid * grid][config.hiddenSize()];
    for (int t = 0; t < tokens.length; t++) {
      for (int c = 0; c < config.hiddenSize(); c++) {
        double sum = weights.get("stem/bias")[c];
        for (int i = 0; i < patch * patch * 3; i++) {
          int row = t / grid * patch + i / 3 / patch;
          int column = t % grid * patch + i / 3 % patch;
          sum +=
              image[(row * size + column) * 3 + i % 3]
                  * (double) kernel[i * config.hiddenSize() + c];
        }
        tokens[t][c] = sum;
      }
    }
    return tokens;
  }

  private double[][] mlp(double[][] x, String name) {
    double[][] y = dense(x, name + "/Dense_0");
    DoubleUnaryOperator gelu =
        config.gelu() == Gelu.ERF ? ReferenceMixer::erf : ReferenceMixer::tanh;
    for (double[] row : y) {
      for (int i = 0; i < row.length; i++) {
        row[i] = gelu.applyAsDouble(row[i]);
      }
    }
    return dense(y, name + "/Dense_1");
  }

  public static double tanh(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /** Exact GELU, the error function by its Taylor series, which converges everywhere. */
  public static double erf(double x) {
    double z = x / Math.sqrt(2);
    if (Math.abs(z) > 5) {
      return x > 0 ? x : 0;
    }
    double term = z;
    double sum = z;
    for (int n = 1; n < 200; n++) {
      term *= -z * z / n;
      sum += term / (2 * n + 1);
    }
    return 0.5 * x * (1 + 2 / Math.sqrt(Math.PI) * sum);
  }

  private double[][] dense(double[][] x, String name) {
    float[] kernel = weights.get(name + "/kernel");
    float[] bias = weights.get(name + "/bias");
    double[][] y = new double[x.length][bias.length];
    for (int i = 0; i < x.length; i++) {
      for (int out = 0; out < bias.length; out++) {
        double sum = bias[out];
        for (int in = 0; in < x[i].length; in++) {
          sum += x[i][in] * kernel[in * bias.length + out];
        }
        y[i][out] = sum;
      }
    }
    return y;
  }

  private double[][] layerNorm(double[][] x, String name) {
    double[][] y = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      double mean = java.util.Arrays.stream(x[i]).average().orElseThrow();
      double variance =
          java.util.Arrays.stream(x[i]).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      y[i] = new double[x[i].length];
      for (int c = 0; c < y[i].length; c++) {
        double normal = (x[i][c] - mean) / Math.sqrt(variance + config.layerNormEpsilon());
        y[i][c] = normal * weights.get(name + "/scale")[c] + weights.get(name + "/bias")[c];
      }
    }
    return y;
  }

  private static double[][] transpose(double[][] x) {
    double[][] y = new double[x[0].length][x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        y[j][i] = x[i][j];
      }
    }
    return y;
  }

  private static double[][] add(double[][] x, double[][] y, double scale) {
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        y[i][j] = x[i][j] + scale * y[i][j];
      }
    }
    return y;
  }
}

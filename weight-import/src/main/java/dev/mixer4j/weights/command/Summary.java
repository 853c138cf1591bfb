package dev.mixer4j.weights.command;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerPreset;
import dev.mixer4j.weights.Checkpoint;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A network's numbers as a few lines of text. */
final class Summary {

  private static final int MOST_SHOWN = 12;

  private Summary() {}

  static String preset(MixerConfig config) {
    return MixerPreset.of(config)
        .map(preset -> "Mixer-" + preset)
        .orElse("a Mixer of its own size");
  }

  static void print(
      PrintWriter out, Path file, MixerConfig config, Optional<ImageTransform> transform) {
    line(out, "%s: %s, %,d parameters", file, preset(config), config.parameterCount());
    line(
        out,
        "  geometry      image %d, patch %d, %d tokens, hidden %d, %d blocks",
        config.imageSize(),
        config.patchSize(),
        config.tokens(),
        config.hiddenSize(),
        config.blocks());
    line(
        out,
        "  MLP widths    tokens %d, channels %d",
        config.tokensMlpSize(),
        config.channelsMlpSize());
    line(out, "  classes       %s", config.classes() == 0 ? "none (no head)" : config.classes());
    line(out, "  GELU          %s", config.gelu());
    line(out, "  LayerNorm     epsilon %s", config.layerNormEpsilon());
    line(out, "  pixels        mean %s, std %s", config.mean(), config.std());
    line(
        out,
        "  images        %s",
        transform.map(ImageTransform::toString).orElse("transform not known"));
  }

  /** What of the source became weights and what did not. */
  static void printUse(PrintWriter out, Checkpoint checkpoint) {
    if (!checkpoint.part().isEmpty()) {
      line(out, "  taken from    entry '%s' of the file", checkpoint.part());
    }
    if (!checkpoint.prefix().isEmpty()) {
      line(out, "  names         without '%s' before each", checkpoint.prefix());
    }
    List<String> ignored = checkpoint.ignored();
    if (!ignored.isEmpty()) {
      int shown = Math.min(MOST_SHOWN, ignored.size());
      line(
          out,
          "  not used      %s%s",
          String.join(", ", ignored.subList(0, shown)),
          shown < ignored.size() ? " and %d more".formatted(ignored.size() - shown) : "");
    }
  }

  /** In one language whatever the machine's, since people paste these lines into reports. */
  private static void line(PrintWriter out, String format, Object... args) {
    out.println(String.format(Locale.ROOT, format, args));
  }
}

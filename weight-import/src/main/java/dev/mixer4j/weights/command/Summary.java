package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.NetworkJson;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A network's numbers as a few lines of text. */
final class Summary {

  private static final int MOST_SHOWN = 12;

  private Summary() {}

  /** The network's name, such as {@code Mixer-B/16}. */
  static String name(Network network) {
    return Networks.presetOf(network)
        .orElse("a %s of its own size".formatted(network.getClass().getSimpleName()));
  }

  static void print(PrintWriter out, Path file, Metadata metadata) {
    Network network = metadata.network();
    ModelInfo info = metadata.info();
    ImageInput input = network.input();
    line(out, "%s: %s, %,d parameters", file, name(network), network.parameterCount());
    if (network instanceof Mixer mixer) {
      line(
          out,
          "  geometry      image %d, patch %d, %d tokens, hidden %d, %d blocks",
          input.size(),
          mixer.patchSize(),
          mixer.tokens(),
          mixer.hiddenSize(),
          mixer.blocks());
      line(
          out,
          "  MLP widths    tokens %d, channels %d",
          mixer.tokensMlpSize(),
          mixer.channelsMlpSize());
      printClasses(out, network);
      line(out, "  GELU          %s", mixer.gelu());
      line(out, "  LayerNorm     epsilon %s", mixer.layerNormEpsilon());
    } else {
      line(out, "  geometry      image %d x %d", input.width(), input.height());
      printClasses(out, network);
      ObjectNode settings =
          NetworkJson.write(network).without(List.of("family", "input", "classes"));
      settings
          .properties()
          .forEach(each -> line(out, "  %-12s  %s", each.getKey(), each.getValue().asText()));
    }
    line(
        out,
        "  pixels        %smean %s, std %s",
        input.channels() == 3 ? "" : input.channels() + " channel, ",
        ImageInput.channelsText(input.mean()),
        ImageInput.channelsText(input.std()));
    line(
        out,
        "  images        %s",
        info.transform().map(ImageTransform::toString).orElse("transform not known"));
  }

  private static void printClasses(PrintWriter out, Network network) {
    line(out, "  classes       %s", network.classes() == 0 ? "none (no head)" : network.classes());
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

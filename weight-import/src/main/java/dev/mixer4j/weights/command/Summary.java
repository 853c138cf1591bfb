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

  private final PrintWriter out;

  Summary(PrintWriter out) {
    this.out = out;
  }

  void print(Path file, Metadata metadata) {
    Network network = metadata.network();
    ModelInfo info = metadata.info();
    ImageInput input = network.input();
    String own = "a %s of its own size".formatted(network.getClass().getSimpleName());
    String name = Networks.presetOf(network).orElse(own);
    line("%s: %s, %,d parameters", file, name, network.parameterCount());
    if (network instanceof Mixer mixer) {
      line(
          "  geometry      image %d, patch %d, %d tokens, hidden %d, %d blocks",
          input.size(), mixer.patchSize(), mixer.tokens(), mixer.hiddenSize(), mixer.blocks());
      line(
          "  MLP widths    tokens %d, channels %d", mixer.tokensMlpSize(), mixer.channelsMlpSize());
      printClasses(network);
      line("  GELU          %s", mixer.gelu());
      line("  LayerNorm     epsilon %s", mixer.layerNormEpsilon());
    } else {
      line("  geometry      image %d x %d", input.width(), input.height());
      printClasses(network);
      ObjectNode settings =
          NetworkJson.write(network).without(List.of("family", "input", "classes"));
      settings
          .properties()
          .forEach(each -> line("  %-12s  %s", each.getKey(), NetworkJson.text(each.getValue())));
    }
    line(
        "  pixels        %smean %s, std %s",
        input.channels() == 3 ? "" : input.channels() + " channel, ",
        ImageInput.channelsText(input.mean()),
        ImageInput.channelsText(input.std()));
    line(
        "  images        %s",
        info.transform().map(ImageTransform::toString).orElse("transform not known"));
  }

  /** A count in thousands, millions or billions, such as {@code 59.88 M}. */
  static String amount(long count) {
    double number = count;
    String unit = "";
    for (String next : List.of(" k", " M", " G")) {
      if (number >= 1000) {
        number /= 1000;
        unit = next;
      }
    }
    return unit.isEmpty()
        ? Long.toString(count)
        : String.format(Locale.ROOT, "%.2f", number) + unit;
  }

  private void printClasses(Network network) {
    line("  classes       %s", network.classes() == 0 ? "none (no head)" : network.classes());
  }

  /** What of the source became weights and what did not. */
  void printUse(Checkpoint checkpoint) {
    if (!checkpoint.assumed().isEmpty()) {
      line(
          "  assumed       %s, which the file does not say; 'convert --set' sets another",
          String.join(", ", checkpoint.assumed()));
    }
    if (!checkpoint.part().isEmpty()) {
      line("  taken from    entry '%s' of the file", checkpoint.part());
    }
    if (!checkpoint.prefix().isEmpty()) {
      line("  names         without '%s' before each", checkpoint.prefix());
    }
    List<String> ignored = checkpoint.ignored();
    if (!ignored.isEmpty()) {
      int shown = Math.min(MOST_SHOWN, ignored.size());
      line(
          "  not used      %s%s",
          String.join(", ", ignored.subList(0, shown)),
          shown < ignored.size() ? " and %d more".formatted(ignored.size() - shown) : "");
    }
  }

  /** In one language whatever the machine's, since people paste these lines into reports. */
  private void line(String format, Object... args) {
    out.println(String.format(Locale.ROOT, format, args));
  }
}

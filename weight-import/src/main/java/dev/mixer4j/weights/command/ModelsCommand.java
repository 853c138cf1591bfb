package dev.mixer4j.weights.command;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Profile;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "models",
    description = {
      "Lists the presets of each family of networks, the family's default first, with their images,"
          + " their parameters and the multiply-accumulates of one image.",
      "The multiply-accumulates are counted from the operations of the network, as timm's published"
          + " figures are: convolutions and matrix products, and five for each element of a layer norm."
    })
final class ModelsCommand extends Subcommand {

  private static final String ROW = "%-8s  %-14s  %-13s  %7s  %10s  %10s";

  @Option(names = "--json", description = "A JSON array, for programs, with exact numbers.")
  private boolean json;

  /** The components are the fields of the JSON. */
  private record Row(
      String family,
      String name,
      int height,
      int width,
      int channels,
      int classes,
      long parameters,
      long multiplyAccumulates) {}

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    for (Family family : Networks.FAMILIES) {
      for (Map.Entry<String, Network> preset : family.presets().entrySet()) {
        rows.add(row(family.name(), preset.getKey(), preset.getValue()));
      }
    }
    if (json) {
      printJson(Json.text(rows));
      return Cli.DONE;
    }
    print(ROW, "FAMILY", "NAME", "IMAGES", "CLASSES", "PARAMETERS", "MACS");
    for (Row row : rows) {
      print(
          ROW,
          row.family,
          row.name,
          "%d x %d x %d".formatted(row.height, row.width, row.channels),
          row.classes,
          Summary.amount(row.parameters),
          Summary.amount(row.multiplyAccumulates));
    }
    return Cli.DONE;
  }

  private static Row row(String family, String name, Network network) {
    ImageInput input = network.input();
    Profile profile = Profile.of(network);
    return new Row(
        family,
        name,
        input.height(),
        input.width(),
        input.channels(),
        network.classes(),
        profile.parameters(),
        profile.multiplyAccumulates());
  }
}

package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Profile;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelsCommandTest {

  @Test
  void table() {
    CommandRun run = CommandRun.of("models");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    List<String> lines = run.out().lines().map(line -> line.replaceAll(" +", " ")).toList();
    assertThat(lines)
        .hasSize(1 + Networks.presetNames().size())
        .startsWith("FAMILY NAME IMAGES CLASSES PARAMETERS MACS")
        .contains(
            "mixer Mixer-B/16 224 x 224 x 3 1000 59.88 M 12.62 G",
            "lenet5 LeNet-5 28 x 28 x 1 10 44.43 k 281.64 k");
  }

  @Test
  void json() throws IOException {
    JsonNode rows = new JsonMapper().readTree(CommandRun.of("models", "--json").out());
    assertThat(rows.findValuesAsText("name")).isEqualTo(Networks.presetNames());
    assertThat(rows.get(Networks.presetNames().indexOf("LeNet-5")).toString())
        .isEqualTo(
            "{\"family\":\"lenet5\",\"name\":\"LeNet-5\",\"height\":28,\"width\":28,\"channels\":1,"
                + "\"classes\":10,\"parameters\":44426,\"multiply_accumulates\":281640}");
  }

  /** The README of the project lists all families, presets and, of one preset each, the size. */
  @Test
  void readmeHasAllPresets() throws IOException {
    List<String> readme = Files.readAllLines(Path.of("../README.md"));
    for (Family family : Networks.FAMILIES) {
      String row =
          readme.stream()
              .filter(line -> line.startsWith("| `" + family.name() + "` |"))
              .findFirst()
              .orElseThrow(() -> new AssertionError(family.name()));
      String[] cells = row.split(" \\| ");
      String first = family.presets().keySet().iterator().next();
      String prefix = first.replaceFirst("-.*", "");
      List<String> presets =
          Arrays.stream(cells[1].split(", "))
              .map(name -> name.startsWith("-") ? prefix + name : name)
              .toList();
      assertThat(presets).containsExactlyElementsOf(family.presets().keySet());
      String shown = cells[2].contains(": ") ? cells[2].split(": ")[0] : first;
      Network network =
          family.presets().entrySet().stream()
              .filter(preset -> preset.getKey().endsWith(shown))
              .findFirst()
              .orElseThrow()
              .getValue();
      Profile profile = Profile.of(network);
      assertThat(cells[2]).endsWith(Summary.amount(profile.parameters()));
      assertThat(cells[3]).isEqualTo(Summary.amount(profile.multiplyAccumulates()));
    }
  }

  @Test
  void amounts() {
    assertThat(List.of(0L, 999L, 1000L, 59_880_472L, 12_620_583_936L).stream().map(Summary::amount))
        .containsExactly("0", "999", "1.00 k", "59.88 M", "12.62 G");
  }
}

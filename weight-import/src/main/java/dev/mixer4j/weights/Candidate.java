package dev.mixer4j.weights;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.Shapes;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.names.MappedTensors;
import dev.mixer4j.weights.names.NameTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A reading of a file's tensors as a network of one family. The network is null if they make up
 * none; the problem is in words, and empty if everything fits.
 */
record Candidate(
    Family family, NameTable table, MappedTensors tensors, Network network, String problem) {

  private static final List<String> FRAMEWORKS = List.of("torch", "flax", "keras", "paddle");

  /** Finds the only family that a file fits; with a new head, the file's own does not matter. */
  static Candidate find(
      TensorFile file, Optional<Metadata> metadata, boolean newHead, String part) {
    Set<String> wanted = wanted(file, part);
    String own = file.framework();
    List<Candidate> all = of(own, file, metadata, newHead, wanted);
    List<Candidate> fitting = fitting(all);
    if (fitting.isEmpty()) {
      // The names of one framework in the container of another, as safetensors has them.
      List<Candidate> others = new ArrayList<>();
      for (String framework : FRAMEWORKS) {
        if (!framework.equals(own)) {
          others.addAll(of(framework, file, metadata, newHead, wanted));
        }
      }
      fitting = fitting(others);
      all.addAll(others);
      if (fitting.stream().map(each -> each.table.layouts()).distinct().count() > 1) {
        throw new MismatchException(
            "%s: its tensors fit the names of %s, whose layouts differ; save it in its own framework"
                .formatted(file.path(), fitting.stream().map(each -> each.table.owner()).toList()));
      }
    }
    if (fitting.stream().map(Candidate::family).distinct().count() > 1) {
      throw new MismatchException(
          "%s: its tensors fit several families: %s"
              .formatted(file.path(), fitting.stream().map(each -> each.family.name()).toList()));
    }
    if (fitting.isEmpty()) {
      Candidate closest =
          all.stream().max(Comparator.comparingInt(each -> each.closeness(metadata))).orElseThrow();
      throw new MismatchException(
          "%s: the tensors fit no network; the closest is a %s, with %d of %d tensors: %s"
              .formatted(
                  file.path(),
                  closest.family.name(),
                  closest.tensors.known(),
                  file.tensors().size(),
                  closest.problem));
    }
    return fitting.get(0);
  }

  private static List<Candidate> of(
      String framework,
      TensorFile file,
      Optional<Metadata> metadata,
      boolean newHead,
      Set<String> wanted) {
    List<Candidate> all = new ArrayList<>();
    for (Family family : Networks.FAMILIES) {
      NameTable.all(family.name(), framework).stream()
          .map(table -> table.forNames(wanted))
          .map(table -> of(family, table, file, metadata, newHead, wanted))
          .forEach(all::add);
    }
    return all;
  }

  /** The names of the tensors of a part, which may be the start of names with a dot or without. */
  private static Set<String> wanted(TensorFile file, String part) {
    Set<String> all = file.tensors().keySet();
    if (part == null || file.part().equals(part) || file.part().startsWith(part + ".")) {
      return all;
    }
    String front = part.matches(".*[./]") ? part : part + ".";
    Set<String> wanted = new LinkedHashSet<>(all);
    wanted.removeIf(name -> !name.startsWith(front));
    if (wanted.isEmpty()) {
      throw new MismatchException(
          "%s: expected an entry '%s', or tensors whose names start with '%s', found none"
              .formatted(file.path(), part, front));
    }
    return wanted;
  }

  private static List<Candidate> fitting(List<Candidate> all) {
    return all.stream().filter(each -> each.problem.isEmpty()).toList();
  }

  /** Most tensors known; of equals, the one that the file names, then the first. */
  private int closeness(Optional<Metadata> metadata) {
    boolean named =
        metadata.filter(each -> each.network().family().equals(family.name())).isPresent();
    return 1000 * tensors.known() + (named ? 500 : 0) - Networks.FAMILIES.indexOf(family);
  }

  private static Candidate of(
      Family family,
      NameTable table,
      TensorFile file,
      Optional<Metadata> metadata,
      boolean newHead,
      Set<String> wanted) {
    MappedTensors tensors = new MappedTensors(file, table, newHead, wanted);
    Network network = null;
    String problem = tensors.problem();
    if (problem.isEmpty()) {
      try {
        if (metadata.isPresent()) {
          network = metadata.get().network();
          if (!network.family().equals(family.name())) {
            throw new IllegalArgumentException(
                "the file says that it holds a " + NetworkJson.describe(network));
          }
        } else {
          Map<String, String> settings = new HashMap<>(table.settings());
          settings.putAll(file.settings());
          network = NetworkJson.with(family.infer(new Shapes(tensors.shapes())), settings);
        }
        problem = misfit(tensors, table, network, newHead);
      } catch (IllegalArgumentException e) {
        problem = "these tensors make up no %s: %s".formatted(family.name(), e.getMessage());
      }
    }
    return new Candidate(family, table, tensors, network, problem);
  }

  private static String misfit(
      MappedTensors tensors, NameTable table, Network network, boolean newHead) {
    Map<String, MappedTensors.Source> left = new TreeMap<>(tensors.sources());
    if (newHead) {
      left.keySet().removeIf(name -> name.startsWith(Network.HEAD));
    }
    for (var variable : network.variables()) {
      MappedTensors.Source source = left.remove(variable.name());
      if (newHead && variable.isHead()) {
        continue;
      }
      if (source == null && table.fallback(variable.name()).isEmpty()) {
        return "no tensor for %s; expected one of shape %s for a %s"
            .formatted(variable.name(), variable.shape(), NetworkJson.describe(network));
      }
      if (source != null && !source.shape().equals(variable.shape())) {
        return "tensor '%s': expected shape %s as %s, found shape %s%s; the network is a %s"
            .formatted(
                source.info().name(),
                variable.shape(),
                variable.name(),
                source.shape(),
                source.shape().equals(source.info().shape())
                    ? ""
                    : " (in the file " + source.info().shape() + ")",
                NetworkJson.describe(network));
      }
    }
    return left.values().stream()
        .findFirst()
        .map(
            extra ->
                "tensor '%s' has no place in a %s"
                    .formatted(extra.info().name(), NetworkJson.describe(network)))
        .orElse("");
  }
}

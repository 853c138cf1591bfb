package dev.mixer4j.finetune;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The packages of this module and the arrows between them, none of which leads back. */
class ArchitectureTest {

  private static final String ROOT = "dev.mixer4j.finetune";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /** The packages of this module that each may use; "api" is the root. */
  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry(
              "command",
              Set.of(
                  "api",
                  "study",
                  "run",
                  "graph",
                  "optim",
                  "session",
                  "settings",
                  "device",
                  "data",
                  "report",
                  "chart",
                  "progress")),
          Map.entry("study", Set.of("api", "report")),
          Map.entry("api", Set.of("run", "settings", "device", "progress")),
          Map.entry(
              "run",
              Set.of(
                  "graph",
                  "input",
                  "optim",
                  "session",
                  "settings",
                  "device",
                  "data",
                  "report",
                  "progress")),
          Map.entry(
              "graph",
              Set.of("input", "optim", "session", "settings", "device", "data", "progress")),
          Map.entry("input", Set.of("settings", "optim", "data")),
          Map.entry("session", Set.of("device")),
          Map.entry("settings", Set.of("optim")),
          Map.entry("report", Set.of("chart", "data", "progress")),
          Map.entry("chart", Set.of()),
          Map.entry("optim", Set.of()),
          Map.entry("device", Set.of()),
          Map.entry("data", Set.of()),
          Map.entry("progress", Set.of()));

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void noArrowRunsBackUp() {
    Map<String, Set<String>> found = new TreeMap<>();
    for (JavaClass each : CLASSES) {
      for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
        String from = layer(each);
        String to = layer(dependency.getTargetClass());
        if (to != null && !from.equals(to)) {
          found.computeIfAbsent(from, key -> new TreeSet<>()).add(to);
        }
      }
    }
    assertThat(found.keySet()).isSubsetOf(ARROWS.keySet());
    found.forEach((from, to) -> assertThat(to).as(from).isSubsetOf(ARROWS.get(from)));
  }

  private static String layer(JavaClass type) {
    String name = type.getPackageName();
    if (!name.startsWith(ROOT)) {
      return null;
    }
    return name.equals(ROOT) ? "api" : name.substring(ROOT.length() + 1);
  }

  /** Only commands name networks: a training takes any. */
  @Test
  void trainingKnowsNoFamily() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".command")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.mixer4j.core.network..")
        .check(CLASSES);
  }

  @Test
  void packagesFitOnAPage() {
    Map<String, Set<String>> files = new TreeMap<>();
    for (JavaClass each : CLASSES) {
      each.getSource()
          .flatMap(source -> source.getFileName())
          .ifPresent(
              file ->
                  files.computeIfAbsent(each.getPackageName(), key -> new TreeSet<>()).add(file));
    }
    assertThat(files.values()).allSatisfy(names -> assertThat(names).hasSizeLessThanOrEqualTo(25));
  }
}

package dev.mixer4j.weights;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.mixer4j.weights");

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.mixer4j.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  /**
   * TensorFlow's tensors, graphs and sessions need its native library, whose start costs seconds.
   */
  @Test
  void formatsDoNotRunTensorFlow() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.mixer4j.weights.format..", "dev.mixer4j.weights.names")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.tensorflow",
            "org.tensorflow.internal..",
            "org.tensorflow.op..",
            "org.tensorflow.types..",
            "org.bytedeco..")
        .check(CLASSES);
  }

  @Test
  void onlyTensorFlowsFormatKnowsItsMessages() {
    noClasses()
        .that()
        .resideInAPackage("dev.mixer4j.weights.format..")
        .and()
        .resideOutsideOfPackage("dev.mixer4j.weights.format.tensorflow")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.tensorflow.proto..", "com.google.protobuf..")
        .check(CLASSES);
  }

  @Test
  void formatsAndNamesKnowNoNetwork() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.mixer4j.weights.format..", "dev.mixer4j.weights.names")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "dev\\.mixer4j\\.core\\.(network\\..*|layer\\..*|image\\..*|Network|Variable|Weights)")
        .check(CLASSES);
  }

  @Test
  void theLibraryKnowsNoCommand() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.mixer4j.weights.command")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.mixer4j.weights.command", "picocli..", "me.tongfei..")
        .check(CLASSES);
  }
}

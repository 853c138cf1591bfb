package dev.mixer4j.core;

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
          .importPackages("dev.mixer4j.core");

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.mixer4j.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void theAbstractionKnowsNoFamilyAndNoLayer() {
    noClasses()
        .that()
        .resideInAPackage("dev.mixer4j.core")
        .or()
        .resideInAPackage("dev.mixer4j.core.image")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.mixer4j.core.network", "dev.mixer4j.core.layer")
        .check(CLASSES);
  }

  @Test
  void coreKnowsNoCommandAndNoFileFormat() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "com.fasterxml..", "io.jhdf..", "org.bytedeco.hdf5..")
        .check(CLASSES);
  }
}

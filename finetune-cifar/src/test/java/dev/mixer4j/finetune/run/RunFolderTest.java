package dev.mixer4j.finetune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {

  /** A place that even root cannot write to. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aPlaceThatCannotBeWrittenToIsNoticedBeforeAnyWork() {
    assertThatThrownBy(() -> RunFolder.check(Path.of("/proc/self/deep/run"), false))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("/proc/self/deep/run: nothing can be written there");
  }

  @Test
  void theCheckLeavesNothing(@TempDir Path folder) {
    assertThatCode(() -> RunFolder.check(folder.resolve("deep/run"), false))
        .doesNotThrowAnyException();
    assertThat(folder).isEmptyDirectory();
  }
}

package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class HintTest {

  @AfterEach
  void forget() {
    System.clearProperty("mixer4j.command");
  }

  @Test
  void namesTheProgramAsTheUserDid() {
    assertThat(Hint.command("finetune-cifar", "doctor")).isEqualTo("finetune-cifar doctor");
    System.setProperty("mixer4j.command", "tools/import-weights");
    assertThat(Hint.command("finetune-cifar", "doctor")).isEqualTo("tools/finetune-cifar doctor");
    System.setProperty("mixer4j.command", "/opt/my tools/finetune-cifar");
    assertThat(Hint.command("import-weights", "list"))
        .isEqualTo("'/opt/my tools/import-weights' list");
    System.setProperty("mixer4j.command", "import-weights");
    assertThat(Hint.command("import-weights", "list")).isEqualTo("import-weights list");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aShellReadsTheWordsBack() throws IOException, InterruptedException {
    List<String> words =
        List.of(
            "run 1", "it's", "a\"b", "$HOME", "`id`", "*", "~", "a;b", "größe", "", "-o", "x=1");
    Process shell =
        new ProcessBuilder("sh", "-c", "printf '%s|' " + Hint.line(words))
            .redirectErrorStream(true)
            .start();
    String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor()).isZero();
    assertThat(read).isEqualTo(String.join("|", words) + "|");
    assertThat(Hint.command("finetune-cifar", "train", "--resume", Path.of("runs/a-1_b.2")))
        .isEqualTo("finetune-cifar train --resume runs/a-1_b.2");
  }
}

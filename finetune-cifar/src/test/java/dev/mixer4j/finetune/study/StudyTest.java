package dev.mixer4j.finetune.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudyTest {

  private static Study study(String json) throws IOException {
    return Study.parse("s.json", json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void isAGridWhoseLastSettingVariesFastest() throws IOException {
    Study study =
        study(
            """
            {"base": {"recipe": "mnist-mlp", "flip": false, "epochs": 3},
             "vary": {
               "optimizer": ["sgd", {"name": "Adam, fast", "optimizer": "adam", "learning_rate": 0.01}],
               "seed": [1, 2]}}
            """);
    assertThat(study.runs())
        .extracting(StudyRun::name)
        .containsExactly(
            "optimizer-sgd_seed-1",
            "optimizer-sgd_seed-2",
            "optimizer-Adam--fast_seed-1",
            "optimizer-Adam--fast_seed-2");
    assertThat(study.runs())
        .extracting(StudyRun::combination)
        .containsExactly(
            "optimizer sgd", "optimizer sgd", "optimizer Adam, fast", "optimizer Adam, fast");
    assertThat(study.runs().get(3).options())
        .containsExactly(
            "--recipe=mnist-mlp",
            "--no-flip",
            "--epochs=3",
            "--optimizer=adam",
            "--learning-rate=0.01",
            "--seed=2");
    assertThat(Study.of(study.toJson())).isEqualTo(study);
  }

  @Test
  void theShippedOnesAreStudies() throws IOException {
    for (String name : Study.NAMES) {
      assertThat(Study.load(name).runs()).as(name).hasSizeBetween(9, 30);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | expected an object with the objects base and vary",
        "{\"base\": {}, \"vary\": {}} | expected a setting that varies, found none",
        "{\"base\": {}, \"vary\": {\"seed\": []}} | vary, seed: expected a list of values, found []",
        "{\"base\": {}, \"vary\": {\"seed\": 1}} | vary, seed: expected a list of values, found 1",
        "{\"base\": {}, \"vary\": {\"seed\": [1, 1]}} | two trainings are the same: seed-1",
        "{\"base\": {}, \"vary\": {\"seed\": [[1]]}} | seed: expected a text, a number",
        "{\"base\": {\"out\": \"/\"}, \"vary\": {\"seed\": [1]}} | expected a setting of train",
        "{\"base\": {\"a b\": 1}, \"vary\": {\"seed\": [1]}} | expected a setting of train",
        "{\"base\": {}, \"vary\": {\"seed\": [{\"epochs\": 1}]}} | expected an object with a name",
        "{\"base\": {}, \"vary\": {\"seed\": [1]}, \"x\": 1} | found also x",
        "{ | not valid JSON"
      })
  void otherFilesAreRefused(String json, String problem) {
    assertThatThrownBy(() -> study(json))
        .isInstanceOf(MixerException.class)
        .hasMessageStartingWith("s.json: ")
        .hasMessageContaining(problem);
  }

  @Test
  void aFolderIsOfOneStudyAndOneProcess(@TempDir Path dir) throws IOException {
    Study study = study("{\"base\": {}, \"vary\": {\"seed\": [1]}}");
    Path path = dir.resolve("a study");
    StudyFolder folder = StudyFolder.create(path, study, dir, 2);
    assertThat(StudyFolder.open(path)).isEqualTo(folder);
    assertThat(StudyFolder.create(path, study, dir, 1).threads()).isEqualTo(2);
    Study other = study("{\"base\": {}, \"vary\": {\"seed\": [2]}}");
    assertThatThrownBy(() -> StudyFolder.create(path, other, dir, 2))
        .hasMessageContaining("expected this study, found another one");
    assertThatThrownBy(() -> StudyFolder.create(dir, study, dir, 2))
        .hasMessageContaining("expected a new or empty folder");
    assertThatThrownBy(() -> StudyFolder.open(dir)).hasMessageContaining("found no study.json");
    try (var lock = folder.lock()) {
      assertThat(lock.isOpen()).isTrue();
      assertThatThrownBy(folder::lock).hasMessageContaining("another process is at work");
    }
    folder.lock().close();
  }
}

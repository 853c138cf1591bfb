package dev.mixer4j.finetune.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsFileTest {

  @TempDir Path dir;

  private List<MetricsRow> read(String text) throws IOException {
    Path file = dir.resolve("metrics.csv");
    Files.writeString(file, text, StandardCharsets.ISO_8859_1);
    return MetricsFile.read(file);
  }

  @Test
  void readsColumnsByNameAndLeavesAnUnfinishedLineOut() throws IOException {
    List<MetricsRow> rows =
        read(
            """
            split,step,accuracy,loss,new,learning_rate,epoch
            test,0,0.1,2.5,x,,0
            train,50,0.25,2,y,1e-3,1
            test,60,0.3""");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).split()).isEqualTo(MetricsRow.TEST);
    assertThat(rows.get(0).learningRate()).isNaN();
    MetricsRow row = rows.get(1);
    assertThat(row.split()).isEqualTo(MetricsRow.TRAIN);
    assertThat(List.of(row.step(), row.epoch(), row.loss(), row.accuracy(), row.learningRate()))
        .containsExactly(50L, 1, 2.0, 0.25, 0.001);
    assertThat(row.imagesPerSecond()).isNaN();
    assertThat(row.dataWait()).isNaN();
    assertThat(read("")).isEmpty();
    assertThat(read("step,split,loss,acc")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "step,split,loss|expected a column accuracy",
        "step,split,loss,accuracy;1,test,2|line 2: expected 4 values, found 3",
        "step,split,loss,accuracy;1,test,2,1;2,test,much,1|line 3: expected a number as loss",
        "step,split,loss,accuracy;1,test,\u00e4,1|expected text in UTF-8",
      })
  void saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> read(text.replace(';', '\n') + "\n"))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("metrics.csv")
        .hasMessageContaining(message);
  }
}

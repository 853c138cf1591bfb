package dev.mixer4j.finetune.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {

  private final Table table = new Table();

  TableTest() {
    List<String> rows = List.of("a", "柠檬", "c|d");
    table.add("run", rows, row -> row);
    table.add("best", rows, row -> row.length() + ",5%");
    table.add("a name", rows, row -> "\"" + row + "\"");
  }

  @Test
  void alignsColumnsAlsoOfWideCharacters() {
    assertThat(table.lines(0))
        .containsExactly(
            "run   best  a name", "a     1,5%  \"a\"", "柠檬  2,5%  \"柠檬\"", "c|d   3,5%  \"c|d\"");
    assertThat(table.lines(18)).isEqualTo(table.lines(0));
  }

  @Test
  void continuesBelowWhatDoesNotFit() {
    assertThat(table.lines(17))
        .containsExactly(
            "run   best",
            "a     1,5%",
            "柠檬  2,5%",
            "c|d   3,5%",
            "",
            "run   a name",
            "a     \"a\"",
            "柠檬  \"柠檬\"",
            "c|d   \"c|d\"");
    assertThat(table.lines(5)).hasSize(9); // a column that never fits is shown all the same
  }

  @Test
  void csvQuotesWhatNeedsIt() {
    assertThat(table.csv())
        .isEqualTo(
            "run,best,a name\na,\"1,5%\",\"\"\"a\"\"\"\n柠檬,\"2,5%\",\"\"\"柠檬\"\"\"\n"
                + "c|d,\"3,5%\",\"\"\"c|d\"\"\"\n");
  }

  @Test
  void markdownEscapesBars() {
    assertThat(table.markdown())
        .isEqualTo(
            "| run | best | a name |\n| --- | --- | --- |\n| a | 1,5% | \"a\" |\n"
                + "| 柠檬 | 2,5% | \"柠檬\" |\n| c\\|d | 3,5% | \"c\\|d\" |\n");
  }
}

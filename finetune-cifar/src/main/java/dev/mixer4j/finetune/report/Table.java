package dev.mixer4j.finetune.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jline.utils.WCWidth;

/** A table of texts: for a terminal, as CSV or in Markdown. */
public final class Table {

  private static final String GAP = "  ";

  private final List<List<String>> columns = new ArrayList<>(); // the name first

  /** Adds a column with a cell for each item; the first column names the rows. */
  public <T> void add(String name, List<T> items, Function<T, String> cell) {
    List<String> column = new ArrayList<>(List.of(name));
    items.forEach(item -> column.add(cell.apply(item)));
    columns.add(column);
  }

  /**
   * The lines of the table. Columns that do not fit follow below, after the first column again.
   *
   * @param width of the terminal in characters; 0 if there is no limit
   */
  public List<String> lines(int width) {
    List<String> lines = new ArrayList<>();
    int next = 1;
    do {
      List<List<String>> fitting = new ArrayList<>(List.of(columns.get(0)));
      int used = width(columns.get(0));
      while (next < columns.size()) {
        used += GAP.length() + width(columns.get(next));
        if (width > 0 && used > width && fitting.size() > 1) {
          break;
        }
        fitting.add(columns.get(next++));
      }
      if (!lines.isEmpty()) {
        lines.add("");
      }
      for (int row = 0; row < columns.get(0).size(); row++) {
        lines.add(line(fitting, row));
      }
    } while (next < columns.size());
    return lines;
  }

  private static String line(List<List<String>> columns, int row) {
    StringBuilder line = new StringBuilder();
    for (List<String> column : columns) {
      line.append(column.get(row));
      line.append(" ".repeat(width(column) - width(column.get(row)))).append(GAP);
    }
    return line.toString().stripTrailing();
  }

  private static int width(List<String> column) {
    return column.stream().mapToInt(Table::width).max().orElse(0);
  }

  /** In cells of a terminal: Chinese characters take two. */
  private static int width(String text) {
    return text.codePoints().map(each -> Math.max(0, WCWidth.wcwidth(each))).sum();
  }

  /** RFC 4180, with a line end of one character. */
  public String csv() {
    return rows(",", Table::cell);
  }

  /** A cell of CSV, in quotes if it needs them. */
  public static String cell(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : quoted(text);
  }

  /** A cell of CSV in quotes. */
  static String quoted(String cell) {
    return "\"" + cell.replace("\"", "\"\"") + "\"";
  }

  /** A table of GitHub's Markdown. */
  public String markdown() {
    String rows = "| " + rows(" | ", cell -> cell.replace("|", "\\|")).replace("\n", " |\n| ");
    int head = rows.indexOf('\n') + 1;
    String rule = "|" + " --- |".repeat(columns.size()) + "\n";
    return rows.substring(0, head) + rule + rows.substring(head, rows.length() - 2);
  }

  private String rows(String separator, Function<String, String> cell) {
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < columns.get(0).size(); row++) {
      int at = row;
      text.append(
          String.join(
              separator, columns.stream().map(column -> cell.apply(column.get(at))).toList()));
      text.append('\n');
    }
    return text.toString();
  }
}

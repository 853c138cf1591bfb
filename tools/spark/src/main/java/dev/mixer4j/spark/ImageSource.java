package dev.mixer4j.spark;

import dev.mixer4j.core.MixerException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The images of a folder or of a table.
 *
 * @param rows the columns that the result keeps and, as the last one, the image: bytes or a path
 * @param kept the columns before the image
 */
record ImageSource(Dataset<Row> rows, StructType kept) {

  /** Spark's formats by the endings of tables. */
  private static final Map<String, String> FORMATS =
      Map.of(".parquet", "parquet", ".orc", "orc", ".json", "json", ".csv", "csv");

  private static final String PICTURES = "*.{[jJ][pP][gG],[jJ][pP][eE][gG],[pP][nN][gG]}";

  /**
   * Opens the images; Spark reads them later.
   *
   * @param where a folder, or a table by its ending
   * @param column the column of a table's images
   * @throws MixerException if there are none
   */
  static ImageSource open(SparkSession spark, String where, String column) throws IOException {
    Path path = new Path(where);
    var files = path.getFileSystem(spark.sessionState().newHadoopConf());
    if (!files.exists(path)) {
      throw new FileNotFoundException(where);
    }
    String name = path.getName().toLowerCase(Locale.ROOT);
    String format = FORMATS.get(name.substring(Math.max(0, name.lastIndexOf('.'))));
    if (format == null && !files.getFileStatus(path).isDirectory()) {
      throw new MixerException(
          where + ": expected a folder of images or a table (.parquet, .orc, .json, .csv)");
    }
    ImageSource source =
        format == null ? folder(spark, where) : table(spark, where, format, column);
    if (source.rows.isEmpty()) {
      throw new MixerException(
          where
              + (format == null
                  ? ": expected images (.jpg, .jpeg, .png), found none"
                  : ": expected rows, found none"));
    }
    return source;
  }

  private static ImageSource folder(SparkSession spark, String where) {
    // The files' bytes are not read here: one that cannot be would end the job.
    Dataset<Row> files =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", true)
            .option("pathGlobFilter", PICTURES)
            .load(literally(where));
    return of(files.select("path"), "path");
  }

  private static ImageSource table(SparkSession spark, String where, String format, String column) {
    Dataset<Row> table;
    try {
      table = spark.read().format(format).option("header", true).load(literally(where));
    } catch (Exception e) { // Scala throws checked exceptions that Java does not know of
      throw new MixerException(
          where + ": Spark cannot read this as " + format + ": " + SparkFailure.message(e), e);
    }
    List<String> names = Arrays.asList(table.columns());
    if (!names.contains(column)) {
      throw new MixerException(
          "%s: expected a column '%s', found %s; --image-column names another"
              .formatted(where, column, String.join(", ", names)));
    }
    DataType type = table.schema().apply(column).dataType();
    if (!type.equals(DataTypes.BinaryType) && !type.equals(DataTypes.StringType)) {
      throw new MixerException(
          "%s: expected column '%s' to hold images (binary) or their paths (string), found %s"
              .formatted(where, column, type.simpleString()));
    }
    return of(table, column);
  }

  private static ImageSource of(Dataset<Row> table, String column) {
    List<Column> columns = new ArrayList<>();
    StructType kept = new StructType();
    for (var field : table.schema().fields()) {
      if (!field.name().equals(column) || field.dataType().equals(DataTypes.StringType)) {
        kept = kept.add(field);
        columns.add(column(field.name()));
      }
    }
    columns.add(column(column));
    return new ImageSource(table.select(columns.toArray(Column[]::new)), kept);
  }

  /** A column whose name may have dots in it. */
  private static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  /** A path as Spark takes one whose name has characters of a pattern in it. */
  static String literally(String path) {
    return path.replaceAll("[\\\\{}\\[\\]*?]", "\\\\$0");
  }
}

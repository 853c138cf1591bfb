package dev.mixer4j.spark;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The Parquet that a job writes: beside its place, which it takes once it is whole. */
final class ResultTable {

  private final SparkSession spark;
  private final String name;
  private final Path path;
  private final FileSystem files;

  /**
   * Checks that the table may be written.
   *
   * @param images what must not be replaced by it
   * @throws FileAlreadyExistsException if something is there, and is not to be replaced
   */
  ResultTable(SparkSession spark, String name, boolean overwrite, String images)
      throws IOException {
    this.spark = spark;
    this.name = name;
    Configuration hadoop = spark.sessionState().newHadoopConf();
    files = new Path(name).getFileSystem(hadoop);
    path = files.makeQualified(new Path(name));
    if (!files.exists(path)) {
      return;
    }
    if (!overwrite) {
      throw new FileAlreadyExistsException(name);
    }
    Path source = new Path(images);
    if ((source.getFileSystem(hadoop).makeQualified(source) + "/").startsWith(path + "/")) {
      throw new FileAlreadyExistsException(
          name, null, "it holds the images, which --overwrite would delete; choose another -o");
    }
    if (!files.exists(new Path(path, "_SUCCESS"))) {
      throw new FileAlreadyExistsException(
          name,
          null,
          "expected a table that Spark wrote, found no _SUCCESS in it; delete it first");
    }
  }

  /**
   * Rows that were written.
   *
   * @param images all of them
   * @param failed those with an error
   */
  record Counts(long images, long failed) {}

  /**
   * Runs the job.
   *
   * @param error the column that is null unless an image failed
   */
  Counts write(Dataset<Row> rows, String error) throws IOException {
    Path part = path.suffix(".part-" + UUID.randomUUID());
    try {
      rows.write().parquet(part.toString());
      // Counted in the result: tasks that Spark repeats would count twice.
      Row counts =
          spark
              .read()
              .schema(rows.schema())
              .parquet(ImageSource.literally(part.toString()))
              .agg(functions.count("*"), functions.count(error))
              .first();
      files.delete(path, true);
      if (!files.rename(part, path)) {
        throw new MixerException(name + ": the result could not be moved here");
      }
      return new Counts(counts.getLong(0), counts.getLong(1));
    } finally {
      files.delete(part, true);
    }
  }
}

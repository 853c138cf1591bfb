package dev.mixer4j.spark;

import dev.mixer4j.core.ImageClassifier;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Iterator;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The work of the executors: replaces the image in the last column of each row by its classes.
 *
 * @param weights the name of the file that {@code SparkContext.addFile} brought to the executors
 * @param transform how images are resized and cropped, as text; null for the weights' own
 * @param top classes of the column {@code top}
 * @param features whether there is a column {@code features}
 * @param hadoop opens paths
 * @param loads counts the loaded models
 */
record Scorer(
    String weights,
    String transform,
    int top,
    boolean features,
    SerializableConfiguration hadoop,
    LongAccumulator loads)
    implements MapPartitionsFunction<Row, Row>, Serializable {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    ImageClassifier classifier =
        SharedClassifier.of(Path.of(SparkFiles.get(weights)), transform, () -> loads.add(1));
    return new ScoredRows(rows, classifier, this);
  }

  /**
   * The columns that a row gets.
   *
   * @param prefix what their names start with
   */
  static StructType columns(String prefix, boolean features) {
    StructType prediction =
        new StructType()
            .add("label", DataTypes.StringType)
            .add("index", DataTypes.IntegerType)
            .add("probability", DataTypes.FloatType);
    StructType columns = new StructType();
    for (var field : prediction.fields()) {
      columns = columns.add(prefix + field.name(), field.dataType());
    }
    columns = columns.add(prefix + "top", DataTypes.createArrayType(prediction));
    if (features) {
      columns = columns.add(prefix + "features", DataTypes.createArrayType(DataTypes.FloatType));
    }
    return columns.add(prefix + "error", DataTypes.StringType);
  }
}

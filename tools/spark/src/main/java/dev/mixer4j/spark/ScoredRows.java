package dev.mixer4j.spark;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Prediction;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * A partition's rows with their classes, a batch at a time: a partition may be larger than memory.
 */
final class ScoredRows implements Iterator<Row> {

  /** Rows of a batch: as many images as the network takes at once. */
  private static final int BATCH = 8;

  /** A batch of photos ends before it has 8 of them, when it holds about 100 MB. */
  private static final long BATCH_PIXELS = 32_000_000;

  private final Iterator<Row> rows;
  private final ImageClassifier classifier;
  private final Scorer scorer;
  private final Queue<Row> ready = new ArrayDeque<>();

  ScoredRows(Iterator<Row> rows, ImageClassifier classifier, Scorer scorer) {
    this.rows = rows;
    this.classifier = classifier;
    this.scorer = scorer;
  }

  /** A row on its way: it has an image, or an error in place of it. */
  private static final class Pending {
    private final Row row;
    private BufferedImage image;
    private List<Prediction> predictions;
    private float[] features;
    private String error;

    Pending(Row row) {
      this.row = row;
    }

    private void fail(String message) {
      error = message;
      image = null;
    }
  }

  @Override
  public boolean hasNext() {
    return !ready.isEmpty() || rows.hasNext();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    if (ready.isEmpty()) {
      scoreBatch();
    }
    return ready.remove();
  }

  private void scoreBatch() {
    List<Pending> batch = new ArrayList<>();
    long pixels = 0;
    while (batch.size() < BATCH && pixels < BATCH_PIXELS && rows.hasNext()) {
      Pending next = decode(rows.next());
      batch.add(next);
      pixels += next.image == null ? 0 : (long) next.image.getWidth() * next.image.getHeight();
    }
    score(batch.stream().filter(pending -> pending.image != null).toList());
    batch.forEach(pending -> ready.add(toRow(pending)));
  }

  private Pending decode(Row row) {
    Pending pending = new Pending(row);
    try {
      pending.image = ImageFile.decode(bytes(row.get(row.size() - 1)));
    } catch (IOException | MixerException | IllegalArgumentException e) {
      // Also of a text that is no path.
      pending.fail(e.getMessage() == null ? e.toString() : e.getMessage());
    }
    return pending;
  }

  /** Bytes, or the path of a file on any file system that Hadoop knows. */
  private byte[] bytes(Object image) throws IOException {
    if (image == null) {
      throw new MixerException("expected an image, found null");
    }
    if (image instanceof byte[] bytes) {
      return bytes;
    }
    Path path = new Path((String) image);
    try (InputStream in = path.getFileSystem(scorer.hadoop().value()).open(path)) {
      byte[] bytes = in.readNBytes(ImageFile.MAX_BYTES + 1);
      if (bytes.length > ImageFile.MAX_BYTES) {
        throw new MixerException(
            "expected an image of at most %d bytes, found more".formatted(ImageFile.MAX_BYTES));
      }
      return bytes;
    }
  }

  private void score(List<Pending> batch) {
    List<BufferedImage> images = batch.stream().map(pending -> pending.image).toList();
    try {
      List<List<Prediction>> predictions = classifier.classify(images, scorer.top());
      float[][] features = scorer.features() ? classifier.features(images) : null;
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).predictions = predictions.get(i);
        batch.get(i).features = features == null ? null : features[i];
      }
    } catch (TensorFlowException | IllegalStateException e) {
      throw e; // the network's fault, which no other image would escape
    } catch (RuntimeException e) {
      // One of them cannot be transformed: it is too narrow, or its colour profile is broken.
      if (batch.size() == 1) {
        batch.get(0).fail("this image cannot be transformed: " + e.getMessage());
      } else {
        batch.forEach(pending -> score(List.of(pending)));
      }
    }
  }

  private Row toRow(Pending pending) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < pending.row.size() - 1; i++) {
      values.add(pending.row.get(i));
    }
    boolean failed = pending.error != null;
    Prediction best = failed ? null : pending.predictions.get(0);
    values.add(failed ? null : best.label());
    values.add(failed ? null : best.index());
    values.add(failed ? null : best.probability());
    values.add(
        failed ? null : pending.predictions.stream().map(ScoredRows::toRow).toArray(Row[]::new));
    if (scorer.features()) {
      values.add(pending.features);
    }
    values.add(pending.error);
    return RowFactory.create(values.toArray());
  }

  private static Row toRow(Prediction prediction) {
    return RowFactory.create(prediction.label(), prediction.index(), prediction.probability());
  }
}

package dev.mixer4j.finetune.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.progress.MetricsRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;

class EventFileTest {

  @TempDir Path dir;

  @Test
  void theTestsReaderReadsTensorFlowsRecords() {
    // TensorFlow 2.21 for Python: tf.io.TFRecordWriter(file).write(b"mixer4j")
    byte[] file = HexFormat.of().parseHex("0700000000000000bbd79f116d69786572346af49f2a1d");
    assertThat(EventReader.records(file))
        .containsExactly("mixer4j".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void beginsWithTheVersionAndHoldsTheScalars() throws IOException {
    try (EventFile file = EventFile.create(dir.resolve("a/b"), 0)) {
      file.add(50, Map.of("loss", 1.25));
      assertThat(EventReader.scalars(dir.resolve("a/b"))).containsExactly("50 loss 1.25");
      file.add(100, Map.of("loss", Double.NaN));
      file.add(1L << 40, Map.of("accuracy", Double.POSITIVE_INFINITY));
    }
    List<Event> events = EventReader.events(dir.resolve("a/b"));
    assertThat(events).hasSize(3);
    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events.get(2).getWallTime() * 1000)
        .isBetween(System.currentTimeMillis() - 60e3, System.currentTimeMillis() + 1.0);
    assertThat(EventReader.scalars(dir.resolve("a/b")))
        .containsExactly("50 loss 1.25", "1099511627776 accuracy Infinity");
  }

  @Test
  void aResumedRunBeginsANewFileAndTakesLaterStepsBack() throws IOException {
    try (EventFile file = EventFile.create(dir, 0)) {
      file.add(10, Map.of("loss", 3.0));
      file.add(20, Map.of("loss", 2.0)); // lost: the run goes on after step 10
    }
    for (int i = 0; i < 12; i++) { // names must sort within a second too
      EventFile.create(dir, 10).close();
    }
    try (EventFile file = EventFile.create(dir, 10)) {
      file.add(20, Map.of("loss", 1.0));
    }
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files).hasSize(14);
    }
    List<Event> events = EventReader.events(dir);
    assertThat(EventReader.scalars(dir))
        .containsExactly("10 loss 3.0", "20 loss 2.0", "20 loss 1.0");
    Event start = events.get(events.size() - 2);
    assertThat(start.getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
    assertThat(start.getStep()).isEqualTo(11);
  }

  @Test
  void aRunHasOneSeriesForEachSplit() throws IOException {
    try (TensorBoardLog log = new TensorBoardLog(dir, 0)) {
      log.add(new MetricsRow(0, 0, "test", 2.5, 0.125, Double.NaN, 100, Double.NaN));
      log.add(new MetricsRow(50, 1, "train", 1.5, 0.5, 0.25, 64, 0.75));
    }
    assertThat(EventReader.scalars(dir.resolve("tensorboard/test")))
        .containsExactly("0 loss 2.5", "0 accuracy 0.125", "0 images_per_second 100.0");
    assertThat(EventReader.scalars(dir.resolve("tensorboard/train")))
        .containsExactly(
            "50 loss 1.5",
            "50 accuracy 0.5",
            "50 learning_rate 0.25",
            "50 images_per_second 64.0",
            "50 data_wait 0.75");
    Path other = Files.writeString(dir.resolve("tensorboard/train/notes.txt"), "mine");
    TensorBoardLog.delete(dir);
    TensorBoardLog.delete(dir.resolve("no run"));
    assertThat(other).exists();
    Files.delete(other);
    assertThat(EventReader.events(dir.resolve("tensorboard/train"))).isEmpty();
    assertThat(EventReader.events(dir.resolve("tensorboard/test"))).isEmpty();
  }
}

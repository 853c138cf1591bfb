package dev.mixer4j.finetune.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

/** Reads TFRecords and event files, and checks all their sums. */
final class EventReader {

  private EventReader() {}

  /** The records of a file's bytes. */
  static List<byte[]> records(byte[] bytes) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> records = new ArrayList<>();
    while (file.hasRemaining()) {
      byte[] length = new byte[8];
      file.get(length);
      checkSum(length, file.getInt());
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      file.get(data);
      checkSum(data, file.getInt());
      records.add(data);
    }
    return records;
  }

  /** Unmasks the sum, the reverse of what a writer does. */
  private static void checkSum(byte[] data, int masked) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    assertThat(Integer.rotateLeft(masked - 0xa282ead8, 15)).isEqualTo((int) crc.getValue());
  }

  /** The events of all files of a folder, in the order of their names. */
  static List<Event> events(Path folder) throws IOException {
    List<Event> events = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.");
        for (byte[] record : records(Files.readAllBytes(file))) {
          events.add(Event.parseFrom(record));
        }
      }
    }
    return events;
  }

  /** The scalars of a folder, such as {@code 3 loss 0.5}. */
  static List<String> scalars(Path folder) throws IOException {
    List<String> scalars = new ArrayList<>();
    for (Event event : events(folder)) {
      for (Summary.Value value : event.getSummary().getValueList()) {
        scalars.add(event.getStep() + " " + value.getTag() + " " + value.getSimpleValue());
      }
    }
    return scalars;
  }
}

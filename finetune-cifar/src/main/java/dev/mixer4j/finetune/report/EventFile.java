package dev.mixer4j.finetune.report;

import dev.mixer4j.weights.format.tensorflow.LevelDbTable;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;

/**
 * A file of scalars for TensorBoard: TFRecords (tensorflow/core/lib/io/record_writer.cc), each with
 * an Event message (tensorflow/core/util/event.proto). Only the messages are TensorFlow's: nothing
 * native is loaded.
 *
 * <p>TensorBoard reads the files of a folder in the order of their names as one series, so a
 * resumed run begins a new file.
 */
public record EventFile(Path path, OutputStream out) implements Closeable {

  static final String NAMES = "events.out.tfevents.*";

  /** TensorBoard expects it in the first event. */
  private static final String FILE_VERSION = "brain.Event:2";

  /** Begins a file; TensorBoard drops older files' steps after a resumed run's last step. */
  public static EventFile create(Path folder, long step) throws IOException {
    Files.createDirectories(folder);
    EventFile file = open(folder);
    try {
      file.write(event(step).setFileVersion(FILE_VERSION));
      if (step > 0) {
        SessionLog.Builder start =
            SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START);
        file.write(event(step + 1).setSessionLog(start));
      }
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return file;
  }

  /** Files of the same second differ, and sort, by a number. */
  private static EventFile open(Path folder) throws IOException {
    long seconds = System.currentTimeMillis() / 1000;
    for (int number = 0; ; number++) {
      String name = String.format(Locale.ROOT, "events.out.tfevents.%010d.%04d", seconds, number);
      try {
        Path path = folder.resolve(name);
        return new EventFile(path, Files.newOutputStream(path, StandardOpenOption.CREATE_NEW));
      } catch (FileAlreadyExistsException e) {
        // Another run began in the same second.
      }
    }
  }

  private static Event.Builder event(long step) {
    return Event.newBuilder().setWallTime(System.currentTimeMillis() / 1e3).setStep(step);
  }

  /** Adds scalars of a step, except NaN; a reader can see them when this returns. */
  public void add(long step, Map<String, Double> scalars) throws IOException {
    Summary.Builder summary = Summary.newBuilder();
    scalars.forEach(
        (tag, value) -> {
          if (!value.isNaN()) {
            summary.addValue(
                Summary.Value.newBuilder().setTag(tag).setSimpleValue(value.floatValue()));
          }
        });
    if (summary.getValueCount() > 0) {
      write(event(step).setSummary(summary));
    }
  }

  /** Writes a record at once, so that a reader finds at most the last one incomplete. */
  private void write(Event.Builder event) throws IOException {
    byte[] data = event.build().toByteArray();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 0, 8));
    record.put(data);
    record.putInt(maskedCrc(record.array(), 12, data.length));
    try {
      out.write(record.array());
    } catch (IOException e) { // does not name the file
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private static int maskedCrc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return LevelDbTable.mask(crc);
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}

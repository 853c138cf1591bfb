package dev.mixer4j.finetune.report;

import dev.mixer4j.weights.format.tensorflow.LevelDbTable;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
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
 * an Event message (tensorflow/core/util/event.proto). No native library is loaded. TensorBoard
 * reads the files of a folder, in the order of their names, as one series, so a resumed run adds a
 * file.
 */
public record EventFile(Path path, FileChannel channel) implements Closeable {

  /** The pattern of file names. */
  static final String NAMES = "events.out.tfevents.*";

  /** The only version; readers expect it in the first event. */
  private static final String FILE_VERSION = "brain.Event:2";

  /**
   * Creates a file in a folder. Scalars after {@code step} in older files become invalid; 0 for a
   * new run.
   */
  public static EventFile create(Path folder, long step) throws IOException {
    Files.createDirectories(folder);
    EventFile file = open(folder);
    try {
      file.write(event(step).setFileVersion(FILE_VERSION).build());
      if (step > 0) {
        SessionLog start =
            SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START).build();
        file.write(event(step + 1).setSessionLog(start).build());
      }
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return file;
  }

  /** Names differ within a second, and sort, by a number. */
  private static EventFile open(Path folder) throws IOException {
    long seconds = System.currentTimeMillis() / 1000;
    for (int number = 0; ; number++) {
      Path path =
          folder.resolve(
              String.format(Locale.ROOT, "events.out.tfevents.%010d.%04d", seconds, number));
      try {
        return new EventFile(
            path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
      } catch (FileAlreadyExistsException e) {
        // Another run, or this one before it was resumed, began in the same second.
      }
    }
  }

  private static Event.Builder event(long step) {
    return Event.newBuilder().setWallTime(System.currentTimeMillis() / 1e3).setStep(step);
  }

  /** Adds the scalars of one step, except NaN; readers can see them when this returns. */
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
      write(event(step).setSummary(summary).build());
    }
  }

  /** One record in one write, so that at most the last record is incomplete. */
  private void write(Event event) throws IOException {
    byte[] data = event.toByteArray();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 0, 8));
    record.put(data);
    record.putInt(maskedCrc(record.array(), 12, data.length));
    record.flip();
    try {
      while (record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) { // the message does not name the file
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
    channel.close();
  }
}

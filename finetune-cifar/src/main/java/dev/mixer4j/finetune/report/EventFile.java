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
 * A file of scalars that TensorBoard reads: TFRecords (tensorflow/core/lib/io/record_writer.cc)
 * that each hold an Event message (tensorflow/core/util/event.proto). Only the messages are
 * TensorFlow's: nothing native is loaded.
 *
 * <p>TensorBoard reads the files of one folder in the order of their names as one series, so a run
 * that goes on begins a new file there.
 */
public final class EventFile implements Closeable {

  /** Pattern of the files' names. */
  static final String NAMES = "events.out.tfevents.*";

  /** The only version there is; the reader asks for it in the first event. */
  private static final String FILE_VERSION = "brain.Event:2";

  private final Path path;
  private final FileChannel channel;

  private EventFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Begins a new file in a folder, which is made if it is missing.
   *
   * @param step after which scalars will follow: those of later steps in older files were lost and
   *     are taken back. 0 for a new run
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

  /** Within one second the names differ, and sort, by a number. */
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
        // Another run, or this one's last life, began in the same second.
      }
    }
  }

  private static Event.Builder event(long step) {
    return Event.newBuilder().setWallTime(System.currentTimeMillis() / 1e3).setStep(step);
  }

  /**
   * Adds scalars of one step, which a reader can see when this returns. Values that are not a
   * number are left out.
   */
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

  /** One record in one write, so that a reader meets at most the last one incomplete. */
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
    } catch (IOException e) { // says what went wrong, but not with which file
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

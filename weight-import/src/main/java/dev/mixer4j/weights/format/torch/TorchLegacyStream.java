package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.elements.ZipArchive;
import dev.mixer4j.weights.format.pickle.Pickle;
import dev.mixer4j.weights.format.pickle.StateDict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The file of {@code torch.save} before PyTorch 1.6, as {@code _legacy_save} in
 * torch/serialization.py writes it: five pickles (a magic number, the version, the machine, the
 * object, the storages' keys), then each storage as a count of elements and the elements.
 */
public final class TorchLegacyStream implements TorchStorages {

  /** The pickle of torch/serialization.py's MAGIC_NUMBER, from its second byte's version on. */
  private static final byte[] MAGIC = {
    (byte) 0x8a,
    10,
    0x6c,
    (byte) 0xfc,
    (byte) 0x9c,
    0x46,
    (byte) 0xf9,
    0x20,
    0x6a,
    (byte) 0xa8,
    0x50,
    0x19,
    '.'
  };

  private static final long VERSION = 1001;

  private record Run(long offset, long bytes) {}

  private final Path path;
  private final FileChannel channel;
  private final ByteOrder order;
  private final Map<String, Run> runs = new HashMap<>();

  private TorchLegacyStream(Path path, FileChannel channel, ByteOrder order) {
    this.path = path;
    this.channel = channel;
    this.order = order;
  }

  /** Whether a file that starts so is one: {@code start} has at least 15 bytes of it. */
  public static boolean isMagic(byte[] start) {
    return start.length >= 2 + MAGIC.length
        && start[0] == (byte) 0x80
        && (start[1] == 2 || start[1] == 3)
        && java.util.Arrays.equals(start, 2, 2 + MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  public static TensorFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      // Mapped, not read: where the pickles end is known only once they have been taken.
      ByteBuffer start =
          channel.map(
              FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
      start.position(2 + MAGIC.length);
      TorchPickle pickle = new TorchPickle(path);
      String where = path.toString();
      Object version = Pickle.load(where, start, pickle);
      if (!Long.valueOf(VERSION).equals(version)) {
        throw malformed(path, "expected version " + VERSION + ", found another");
      }
      boolean little =
          Pickle.load(where, start, pickle) instanceof Map<?, ?> machine
              && Boolean.TRUE.equals(machine.get("little_endian"));
      Object top = Pickle.load(where, start, pickle);
      Object keys = Pickle.load(where, start, pickle);
      TorchLegacyStream stream =
          new TorchLegacyStream(
              path, channel, little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      stream.find(pickle.storages(), keys, start.position());
      return new TorchReader(path, StateDict.in(path, top), stream);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Goes from storage to storage; they must be those of the pickle and end where the file does. */
  private void find(Map<String, TorchPickle.Storage> named, Object keys, long start)
      throws IOException {
    if (!(keys instanceof List<?> list)) {
      throw malformed(path, "expected a list of storages");
    }
    long at = start;
    for (Object key : list) {
      TorchPickle.Storage storage = key instanceof String text ? named.get(text) : null;
      if (storage == null) {
        throw malformed(path, "a storage that no tensor of the pickle has");
      }
      long size = channel.size();
      if (size - at < Long.BYTES) {
        throw malformed(path, "the file is cut off before storage " + key);
      }
      long elements = count(at);
      at += Long.BYTES;
      int elementSize = storage.dtype().size();
      if (elements != storage.elements() || elements < 0 || elements > (size - at) / elementSize) {
        throw malformed(
            path,
            "storage %s at byte %d: expected %d elements of %s in the %d bytes left, found %d"
                .formatted(key, at, storage.elements(), storage.dtype(), size - at, elements));
      }
      if (runs.put((String) key, new Run(at, elements * elementSize)) != null) {
        throw malformed(path, "storage " + key + " is there twice");
      }
      at += elements * elementSize;
    }
    if (at != channel.size()) {
      throw malformed(path, "%d bytes follow the last storage".formatted(channel.size() - at));
    }
  }

  private long count(long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(order);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw malformed(path, "the file is cut off at byte " + at);
      }
    }
    return bytes.flip().getLong();
  }

  private static MalformedFileException malformed(Path path, String problem) {
    return new MalformedFileException(path + ": a corrupt PyTorch file: " + problem);
  }

  @Override
  public ByteOrder order() {
    return order;
  }

  @Override
  public long size(String key) {
    Run run = runs.get(key);
    return run == null ? -1 : run.bytes;
  }

  @Override
  public <T> T read(String key, ZipArchive.Body<T> body) throws IOException {
    Run run = runs.get(key);
    return body.read(new RunStream(run.offset, run.offset + run.bytes));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** A part of the file, which leaves the channel's own position alone. */
  private final class RunStream extends InputStream {
    private long at;
    private final long end;

    RunStream(long at, long end) {
      this.at = at;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
      int n = (int) Math.min(count, end - at);
      if (n <= 0) {
        return count == 0 ? 0 : -1;
      }
      int read = channel.read(ByteBuffer.wrap(to, offset, n), at);
      at += Math.max(0, read);
      return read;
    }

    @Override
    public long skip(long count) {
      long skipped = Math.max(0, Math.min(count, end - at));
      at += skipped;
      return skipped;
    }
  }
}

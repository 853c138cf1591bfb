package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.elements.ElementReader;
import dev.mixer4j.weights.format.pickle.Pickle;
import dev.mixer4j.weights.format.torch.TorchPickle.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The file of {@code torch.save} before PyTorch 1.6, as {@code _legacy_save} in
 * torch/serialization.py writes it: five pickles (a magic number, the version, the machine, the
 * object, the storages' keys), then each storage as a count of elements and the elements.
 */
public final class TorchLegacyStream extends TorchReader {

  /** The pickle of torch/serialization.py's MAGIC_NUMBER, from its second byte's version on. */
  private static final byte[] MAGIC = HexFormat.of().parseHex("8a0a6cfc9c46f9206aa850192e");

  private static final long VERSION = 1001;

  private record Run(long offset, long bytes) {}

  private final FileChannel channel;
  private final ByteOrder order;
  private final Map<String, Run> runs = new HashMap<>();

  /** Whether a file that starts so is one: {@code start} has at least 15 bytes of it. */
  public static boolean isMagic(byte[] start) {
    return start.length >= 2 + MAGIC.length
        && start[0] == (byte) 0x80
        && (start[1] == 2 || start[1] == 3)
        && Arrays.equals(start, 2, 2 + MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  public TorchLegacyStream(Path path, String wanted) throws IOException {
    super(path, wanted);
    channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      // Mapped, not read: where the pickles end is known only once they have been taken.
      ByteBuffer start =
          channel.map(
              FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
      start.position(2 + MAGIC.length);
      TorchPickle pickle = new TorchPickle(path);
      String where = path.toString();
      if (!Long.valueOf(VERSION).equals(Pickle.load(where, start, pickle))) {
        throw malformed("expected version " + VERSION + ", found another");
      }
      boolean little =
          Pickle.load(where, start, pickle) instanceof Map<?, ?> machine
              && Boolean.TRUE.equals(machine.get("little_endian"));
      order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
      Object top = Pickle.load(where, start, pickle);
      Object keys = Pickle.load(where, start, pickle);
      find(pickle.storages(), keys, start.position());
      addAll(top);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Goes from storage to storage; they must be those of the pickle and end where the file does. */
  private void find(Map<String, Storage> named, Object keys, long start) throws IOException {
    if (!(keys instanceof List<?> list)) {
      throw malformed("expected a list of storages");
    }
    long at = start;
    for (Object key : list) {
      Storage storage = key instanceof String text ? named.get(text) : null;
      if (storage == null) {
        throw malformed("a storage that no tensor of the pickle has");
      }
      long size = channel.size();
      if (size - at < Long.BYTES) {
        throw malformed("the file is cut off before storage " + key);
      }
      long elements = ElementReader.bytes(channel, at, Long.BYTES).order(order).getLong();
      at += Long.BYTES;
      int elementSize = storage.dtype().size();
      if (elements != storage.elements() || elements < 0 || elements > (size - at) / elementSize) {
        throw malformed(
            "storage %s at byte %d: expected %d elements of %s in the %d bytes left, found %d"
                .formatted(key, at, storage.elements(), storage.dtype(), size - at, elements));
      }
      if (runs.put((String) key, new Run(at, elements * elementSize)) != null) {
        throw malformed("storage " + key + " is there twice");
      }
      at += elements * elementSize;
    }
    if (at != channel.size()) {
      throw malformed("%d bytes follow the last storage".formatted(channel.size() - at));
    }
  }

  @Override
  long size(String storage) {
    Run run = runs.get(storage);
    return run == null ? -1 : run.bytes;
  }

  @Override
  void read(Storage storage, long first, int count, FloatBuffer destination) throws IOException {
    DType dtype = storage.dtype();
    long at = runs.get(storage.key()).offset + first * dtype.size();
    ElementReader.read(channel, at, dtype, order, count, destination);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

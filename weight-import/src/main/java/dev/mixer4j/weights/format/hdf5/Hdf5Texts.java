package dev.mixer4j.weights.format.hdf5;

import dev.mixer4j.weights.format.MalformedFileException;
import io.jhdf.GlobalHeap;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.datatype.VariableLength;
import io.jhdf.storage.HdfBackingStorage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The texts of one HDF5 file, up to a bound for all of them together. A text of variable length is
 * a reference of 16 bytes to a heap (HDF5 File Format Specification, III.E), so a small file could
 * otherwise name one long text very often, and jHDF would copy it each time.
 */
final class Hdf5Texts {

  /** The 21,843 class names of ImageNet-21k have 0.4 MB; a Keras configuration has less. */
  private static final int MAX_BYTES = 16 << 20;

  private static final int REFERENCE = 16; // length, address and number, where offsets have 8 bytes

  private record Key(long heap, int number) {}

  private final HdfBackingStorage storage;
  private final Function<String, MalformedFileException> malformed;
  private final Map<Long, GlobalHeap> heaps = new HashMap<>();
  private final Map<Key, String> known = new HashMap<>();
  private long bytes;
  private long heapBytes;

  Hdf5Texts(HdfBackingStorage storage, Function<String, MalformedFileException> malformed) {
    this.storage = storage;
    this.malformed = malformed;
  }

  static boolean are(DataType type) {
    return type instanceof StringData
        || type instanceof VariableLength variable && variable.isVariableLengthString();
  }

  /** Reads {@code count} texts whose elements lie in a buffer, which is long enough. */
  String[] read(DataType type, ByteBuffer elements, int count) {
    if (type instanceof StringData fixed) {
      take((long) count * (fixed.getSize() + REFERENCE));
      return (String[]) fixed.fillData(elements, new int[] {count}, storage);
    }
    if (storage.getSizeOfOffsets() != 8
        || storage.getSizeOfLengths() != 8
        || type.getSize() != REFERENCE) {
      throw malformed.apply("expected offsets and lengths of 8 bytes, found others");
    }
    ByteBuffer references = elements.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    String[] texts = new String[count];
    for (int i = 0; i < count; i++) {
      references.getInt(); // the length, which the heap has too
      Key key = new Key(references.getLong(), references.getInt());
      texts[i] = key.number == 0 ? "" : text(key, (VariableLength) type);
    }
    return texts;
  }

  private String text(Key key, VariableLength type) {
    GlobalHeap heap = heaps.computeIfAbsent(key.heap, this::heap);
    ByteBuffer stored = heap.getObjectData(key.number);
    take((long) stored.remaining() + REFERENCE);
    return known.computeIfAbsent(key, each -> decoded(stored, type));
  }

  private static String decoded(ByteBuffer stored, VariableLength type) {
    return type.getEncoding().decode(stored).toString();
  }

  /** Heaps do not overlap in a sound file; in another, each could list the objects of the next. */
  private GlobalHeap heap(long address) {
    ByteBuffer header = storage.readBufferFromAddress(address, 16).order(ByteOrder.LITTLE_ENDIAN);
    heapBytes += Math.max(0, header.getLong(8));
    if (heapBytes < 0 || heapBytes > storage.size()) {
      throw malformed.apply("its heaps of texts overlap, or reach beyond its end");
    }
    return new GlobalHeap(storage, address);
  }

  private void take(long more) {
    bytes += more;
    if (bytes > MAX_BYTES) {
      throw malformed.apply(
          "its names and descriptions: expected at most %d bytes of text, found more"
              .formatted(MAX_BYTES));
    }
  }
}

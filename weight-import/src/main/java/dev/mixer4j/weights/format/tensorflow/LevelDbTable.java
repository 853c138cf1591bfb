package dev.mixer4j.weights.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * LevelDB's table format (google/leveldb, doc/table_format.md), in which TensorFlow keeps a
 * checkpoint's index: blocks of sorted keys and their values, a block that lists the blocks, and a
 * footer. Keys and values are bytes; TensorFlow does not compress them.
 */
public final class LevelDbTable {

  private static final long MAGIC = 0xdb4775248b80fb57L;
  private static final int FOOTER = 48;
  private static final int TRAILER = 5; // compression type and checksum behind each block
  private static final int MAX_TEXT = 4096; // bytes of a tensor's name, or of what is kept of it
  private static final int CRC_DELTA = 0xa282ead8;

  private LevelDbTable() {}

  /** The checksum as LevelDB and TensorFlow store it: of data that may hold checksums itself. */
  public static int mask(CRC32C crc) {
    int value = (int) crc.getValue();
    return (value >>> 15 | value << 17) + CRC_DELTA;
  }

  /** Writes all keys into one block, which is fine for the few hundred of a checkpoint. */
  public static byte[] write(SortedMap<ByteString, ByteString> entries) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] data = handle(0, appendBlock(out, entries));
    long metaStart = out.size();
    byte[] meta = handle(metaStart, appendBlock(out, new TreeMap<>(ORDER)));
    SortedMap<ByteString, ByteString> index = new TreeMap<>(ORDER);
    index.put(entries.lastKey(), ByteString.copyFrom(data));
    long indexStart = out.size();
    byte[] indexHandle = handle(indexStart, appendBlock(out, index));
    ByteBuffer footer = ByteBuffer.allocate(FOOTER).order(ByteOrder.LITTLE_ENDIAN);
    footer.put(meta).put(indexHandle).position(FOOTER - 8).putLong(MAGIC);
    out.writeBytes(footer.array());
    return out.toByteArray();
  }

  /** LevelDB's order of keys: as unsigned bytes. */
  public static final Comparator<ByteString> ORDER = ByteString.unsignedLexicographicalComparator();

  private static long appendBlock(
      ByteArrayOutputStream out, SortedMap<ByteString, ByteString> entries) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    ByteBuffer restarts =
        ByteBuffer.allocate(4 * Math.max(1, entries.size()) + 4).order(ByteOrder.LITTLE_ENDIAN);
    if (entries.isEmpty()) {
      restarts.putInt(0);
    }
    entries.forEach(
        (key, value) -> {
          restarts.putInt(block.size()); // every key whole: no prefix is shared
          varint(block, 0);
          varint(block, key.size());
          varint(block, value.size());
          block.writeBytes(key.toByteArray());
          block.writeBytes(value.toByteArray());
        });
    restarts.putInt(Math.max(1, entries.size()));
    block.writeBytes(restarts.array());
    int size = block.size();
    block.write(0); // not compressed
    CRC32C crc = new CRC32C();
    crc.update(block.toByteArray());
    block.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(mask(crc)).array());
    out.writeBytes(block.toByteArray());
    return size;
  }

  private static byte[] handle(long offset, long size) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    varint(out, offset);
    varint(out, size);
    return out.toByteArray();
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    for (; value >= 0x80; value >>>= 7) {
      out.write((int) (value & 0x7f | 0x80));
    }
    out.write((int) value);
  }

  public static boolean isTable(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer end = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      return file.size() >= FOOTER
          && file.read(end, file.size() - 8) == 8
          && end.getLong(0) == MAGIC;
    }
  }

  /** Reads a table whole; offsets, checksums and the order of keys must hold. */
  static SortedMap<ByteString, ByteString> read(Path path, byte[] bytes) {
    try {
      ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      if (bytes.length < FOOTER || table.getLong(bytes.length - 8) != MAGIC) {
        throw malformed(path, "its last 8 bytes are not the magic number");
      }
      CodedInputStream footer =
          CodedInputStream.newInstance(bytes, bytes.length - FOOTER, FOOTER - 8);
      readBlock(path, table, footer); // the meta block, which TensorFlow leaves empty
      SortedMap<ByteString, ByteString> entries = new TreeMap<>(ORDER);
      for (ByteString handle : readBlock(path, table, footer).values()) {
        readBlock(path, table, handle.newCodedInput())
            .forEach(
                (key, value) -> {
                  if (entries.putIfAbsent(key, value) != null) {
                    throw malformed(path, "a key is there twice");
                  }
                });
        checkCount(path, entries);
      }
      return entries;
    } catch (IOException e) { // protobuf's, of a number or a length
      throw malformed(path, e.getMessage());
    }
  }

  /** Reads the block whose offset and size are the next two numbers of {@code handle}. */
  private static SortedMap<ByteString, ByteString> readBlock(
      Path path, ByteBuffer table, CodedInputStream handle) throws IOException {
    long offset = handle.readRawVarint64();
    long size = handle.readRawVarint64();
    long end = table.capacity() - FOOTER;
    if (offset < 0 || size < 4 || offset > end - TRAILER || size > end - TRAILER - offset) {
      throw malformed(path, "a block of %d bytes at %d".formatted(size, offset));
    }
    int start = (int) offset;
    int trailer = (int) (offset + size);
    CRC32C crc = new CRC32C();
    crc.update(table.array(), start, (int) size + 1);
    if (mask(crc) != table.getInt(trailer + 1)) {
      throw malformed(path, "the checksum of the block at %d does not hold".formatted(offset));
    }
    if (table.get(trailer) != 0) {
      throw new UnsupportedFileException(path + ": a compressed index is not read");
    }
    int restarts = table.getInt(trailer - 4);
    long entriesSize = size - 4 - 4L * restarts;
    if (restarts < 0 || entriesSize < 0) {
      throw malformed(path, restarts + " restart points in a block");
    }
    return readEntries(path, CodedInputStream.newInstance(table.array(), start, (int) entriesSize));
  }

  private static SortedMap<ByteString, ByteString> readEntries(Path path, CodedInputStream block)
      throws IOException {
    SortedMap<ByteString, ByteString> entries = new TreeMap<>(ORDER);
    byte[] key = new byte[0];
    while (!block.isAtEnd()) {
      long shared = block.readRawVarint64();
      long fresh = block.readRawVarint64();
      long length = block.readRawVarint64();
      // A key of few bytes may be long, since it shares the start of the one before.
      if (shared < 0
          || shared > key.length
          || !fits(fresh)
          || !fits(length)
          || !fits(shared + fresh)) {
        throw malformed(
            path,
            "expected keys and values of at most %d bytes, found %d and %d"
                .formatted(MAX_TEXT, shared + fresh, length));
      }
      byte[] rest = block.readRawBytes((int) fresh);
      byte[] next = Arrays.copyOf(key, (int) (shared + fresh));
      System.arraycopy(rest, 0, next, (int) shared, rest.length);
      ByteString name = ByteString.copyFrom(next);
      if (!entries.isEmpty() && ORDER.compare(entries.lastKey(), name) >= 0) {
        throw malformed(path, "its keys are not sorted");
      }
      entries.put(name, ByteString.copyFrom(block.readRawBytes((int) length)));
      checkCount(path, entries);
      key = next;
    }
    return entries;
  }

  /** Whether a key or value may be so long; protobuf checks it against the end of the block. */
  private static boolean fits(long length) {
    return length >= 0 && length <= MAX_TEXT;
  }

  private static void checkCount(Path path, Map<ByteString, ByteString> entries) {
    if (entries.size() > TensorFile.MAX_TENSORS) {
      throw malformed(path, "expected at most " + TensorFile.MAX_TENSORS + " keys, found more");
    }
  }

  private static MalformedFileException malformed(Path path, String problem) {
    return new MalformedFileException(path + ": a corrupt checkpoint index: " + problem);
  }
}

package dev.mixer4j.weights.write;

import io.jhdf.checksum.ChecksumUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes an HDF5 file in pure Java, for machines for which the HDF Group's library has no build.
 * Section numbers are those of the HDF5 File Format Specification, version 3.0; every structure is
 * of a version that HDF5 1.8 and newer read.
 *
 * <p>The elements come first, then their descriptions, and last the superblock in the space that
 * was left for it: before that the file is not a valid one.
 */
final class Hdf5Output implements Hdf5Target {

  private static final long UNDEFINED = -1;
  private static final int ALIGNMENT = 64; // so that a mapping of the file can be computed with
  private static final int MOST_TEXTS_IN_HEAP = 60_000; // they are numbered by 16 bits

  // IV.A.2: the kinds of message in an object header
  private static final int DATASPACE = 0x01;
  private static final int LINK_INFO = 0x02;
  private static final int DATATYPE = 0x03;
  private static final int FILL_VALUE = 0x05;
  private static final int LINK = 0x06;
  private static final int LAYOUT = 0x08;
  private static final int GROUP_INFO = 0x0a;
  private static final int ATTRIBUTE = 0x0c;

  private static final class Group {
    private final Map<String, Group> groups = new TreeMap<>();
    private final Map<String, Long> datasets = new TreeMap<>();
  }

  private final FileChannel channel;
  private final Group root = new Group();
  private final Bytes attributes = new Bytes();
  private long end = ALIGNMENT; // behind the superblock

  Hdf5Output(Path path) throws IOException {
    channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
  }

  @Override
  public void dataset(String name, long[] shape, ByteBuffer elements) throws IOException {
    long size = elements.remaining();
    long at = append(elements);
    add(name, simple(shape), float32(), layout(at, size));
  }

  @Override
  public void attribute(String name, int value) {
    attribute(name, int32(), scalar(), new Bytes().u32(value));
  }

  @Override
  public void attribute(String name, String value) throws IOException {
    attribute(name, text(), scalar(), texts(List.of(value)));
  }

  @Override
  public void texts(String name, List<String> values) throws IOException {
    Bytes references = texts(values);
    if (values.size() <= MOST_TEXTS_IN_ATTRIBUTE) {
      attribute(name, text(), simple(values.size()), references);
      return;
    }
    long at = append(references.buffer());
    add(name, simple(values.size()), text(), layout(at, references.size()));
  }

  @Override
  public void finish() throws IOException {
    long rootAt = append(header(groupMessages(root).bytes(attributes)));
    Bytes superblock =
        new Bytes() // II.C, version 2
            .bytes((byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n')
            .u8(2)
            .u8(Long.BYTES) // of an offset
            .u8(Long.BYTES) // of a length
            .u8(0)
            .u64(0)
            .u64(UNDEFINED)
            .u64(end)
            .u64(rootAt)
            .checksum();
    write(superblock.buffer(), 0);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void add(String name, Bytes dataspace, Bytes datatype, Bytes layout) throws IOException {
    Bytes messages =
        new Bytes()
            .message(DATASPACE, dataspace)
            .message(DATATYPE, datatype)
            .message(FILL_VALUE, new Bytes().u8(3).u8(0x0a)) // allocated late, none set
            .message(LAYOUT, layout);
    String[] path = name.split("/");
    Group group = root;
    for (int i = 0; i < path.length - 1; i++) {
      group = group.groups.computeIfAbsent(path[i], n -> new Group());
    }
    group.datasets.put(path[path.length - 1], append(header(messages)));
  }

  private void attribute(String name, Bytes datatype, Bytes dataspace, Bytes data) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    Bytes attribute =
        new Bytes() // IV.A.2.m, version 3
            .u8(3)
            .u8(0)
            .u16(text.length + 1)
            .u16(datatype.size())
            .u16(dataspace.size())
            .u8(1) // UTF-8
            .bytes(text)
            .u8(0)
            .bytes(datatype)
            .bytes(dataspace)
            .bytes(data);
    attributes.message(ATTRIBUTE, attribute);
  }

  /** A group's messages; its groups' and datasets' headers are written before. */
  private Bytes groupMessages(Group group) throws IOException {
    Map<String, Long> links = new TreeMap<>(group.datasets);
    for (Map.Entry<String, Group> inner : group.groups.entrySet()) {
      links.put(inner.getKey(), append(header(groupMessages(inner.getValue()))));
    }
    Bytes messages =
        new Bytes()
            .message(LINK_INFO, new Bytes().u8(0).u8(0).u64(UNDEFINED).u64(UNDEFINED))
            .message(GROUP_INFO, new Bytes().u8(0).u8(0));
    links.forEach(
        (name, address) -> {
          byte[] text = name.getBytes(StandardCharsets.US_ASCII); // IV.A.2.g: a hard link
          messages.message(LINK, new Bytes().u8(1).u8(0).u8(text.length).bytes(text).u64(address));
        });
    return messages;
  }

  /** IV.A.1.b: an object header of version 2, in one chunk. */
  private static ByteBuffer header(Bytes messages) {
    return new Bytes()
        .bytes('O', 'H', 'D', 'R')
        .u8(2)
        .u8(2) // the size takes four bytes
        .u32(messages.size())
        .bytes(messages)
        .checksum()
        .buffer();
  }

  /** Texts go to a heap (III.E); references to them hold length, heap and number. */
  private Bytes texts(List<String> values) throws IOException {
    Bytes references = new Bytes();
    for (int from = 0; from < values.size(); from += MOST_TEXTS_IN_HEAP) {
      List<String> part = values.subList(from, Math.min(values.size(), from + MOST_TEXTS_IN_HEAP));
      Bytes objects = new Bytes();
      List<Integer> lengths = new ArrayList<>();
      for (String value : part) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        lengths.add(text.length);
        objects.u16(lengths.size()).u16(0).u32(0).u64(text.length).bytes(text);
        objects.bytes(new byte[-text.length & 7]);
      }
      int header = 16;
      int size = Math.max(4096, header + objects.size() + header);
      Bytes heap = new Bytes().bytes('G', 'C', 'O', 'L').u32(1).u64(size).bytes(objects);
      int free = size - heap.size(); // object 0, its own header included
      heap.u64(0).u64(free).bytes(new byte[free - header]);
      long at = append(heap.buffer());
      for (int i = 0; i < lengths.size(); i++) {
        references.u32(lengths.get(i)).u64(at).u32(i + 1);
      }
    }
    return references;
  }

  private static Bytes scalar() {
    return new Bytes().u8(2).u8(0).u8(0).u8(0);
  }

  private static Bytes simple(long... sizes) {
    Bytes dataspace = new Bytes().u8(2).u8(sizes.length).u8(0).u8(1); // IV.A.2.b
    for (long size : sizes) {
      dataspace.u64(size);
    }
    return dataspace;
  }

  /** IV.A.2.d, class 1: where sign, exponent and mantissa lie in IEEE's binary32. */
  private static Bytes float32() {
    Bytes type = new Bytes().u8(0x11).u8(0x20).u8(31).u8(0).u32(Float.BYTES);
    return type.u16(0).u16(32).u8(23).u8(8).u8(0).u8(23).u32(127);
  }

  private static Bytes int32() {
    return new Bytes().u8(0x10).u8(0x08).u8(0).u8(0).u32(Integer.BYTES).u16(0).u16(32);
  }

  /** Class 9: a text of variable length in UTF-8, made of unsigned bytes. */
  private static Bytes text() {
    Bytes type = new Bytes().u8(0x19).u8(0x01).u8(0x01).u8(0).u32(16);
    return type.u8(0x10).u8(0).u8(0).u8(0).u32(1).u16(0).u16(8);
  }

  private static Bytes layout(long address, long size) {
    return new Bytes().u8(3).u8(1).u64(address).u64(size); // IV.A.2.i
  }

  /** Writes at the file's end, and returns that address. */
  private long append(ByteBuffer bytes) throws IOException {
    long at = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    end = at + bytes.remaining();
    write(bytes, at);
    return at;
  }

  private void write(ByteBuffer bytes, long at) throws IOException {
    for (long done = at; bytes.hasRemaining(); ) {
      done += channel.write(bytes, done);
    }
  }

  /** Numbers, little-endian. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes u8(int value) {
      out.write(value);
      return this;
    }

    Bytes u16(int value) {
      if (value >> 16 != 0) {
        throw new IllegalArgumentException("expected at most 65535, found " + value);
      }
      return u8(value).u8(value >> 8);
    }

    Bytes u32(int value) {
      return u8(value).u8(value >> 8).u8(value >> 16).u8(value >> 24);
    }

    Bytes u64(long value) {
      return u32((int) value).u32((int) (value >> 32));
    }

    Bytes bytes(int... values) {
      for (int value : values) {
        u8(value);
      }
      return this;
    }

    Bytes bytes(byte[] values) {
      out.writeBytes(values);
      return this;
    }

    Bytes bytes(Bytes values) {
      return bytes(values.out.toByteArray());
    }

    Bytes message(int type, Bytes content) {
      return u8(type).u16(content.size()).u8(0).bytes(content);
    }

    /** Of all bytes so far. */
    Bytes checksum() {
      return u32(ChecksumUtils.checksum(out.toByteArray()));
    }

    int size() {
      return out.size();
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}

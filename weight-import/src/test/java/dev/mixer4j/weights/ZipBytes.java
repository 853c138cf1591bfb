package dev.mixer4j.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes zip files. */
public final class ZipBytes {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ZipOutputStream zip = new ZipOutputStream(bytes);

  /** Adds an entry as it is, which NumPy and PyTorch do. */
  public ZipBytes stored(String name, byte[] content) {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    return add(entry, content);
  }

  public ZipBytes compressed(String name, byte[] content) {
    return add(new ZipEntry(name), content);
  }

  /** Adds an empty entry with a comment, which lies in the directory alone. */
  public ZipBytes commented(String name, String comment) {
    ZipEntry entry = new ZipEntry(name);
    entry.setComment(comment);
    return add(entry, new byte[0]);
  }

  private ZipBytes add(ZipEntry entry, byte[] content) {
    entry.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0)); // one content, one file
    try {
      zip.putNextEntry(entry);
      zip.write(content);
      zip.closeEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public byte[] bytes() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Where the {@code n}-th occurrence (from 0) of an ASCII text starts. */
  public static int indexOf(byte[] bytes, String text, int n) {
    String all = new String(bytes, StandardCharsets.ISO_8859_1);
    int at = all.indexOf(text);
    for (int i = 0; i < n; i++) {
      at = all.indexOf(text, at + 1);
    }
    if (at < 0) {
      throw new IllegalArgumentException("no " + text);
    }
    return at;
  }
}

package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A zip file whose directory is checked before anything is read, and each entry's CRC after. */
public final class ZipArchive implements Closeable {

  public interface Body<T> {
    T read(InputStream in) throws IOException;
  }

  /** Deflate cannot do better than this (zlib's technical notes), so a larger claim is a lie. */
  private static final long MAX_RATIO = 1032;

  private final Path path;
  private final ZipFile zip;
  private final Map<String, ZipEntry> entries = new LinkedHashMap<>();
  private final Set<String> verified = ConcurrentHashMap.newKeySet();

  public ZipArchive(Path path) throws IOException {
    this.path = path;
    try {
      zip = new ZipFile(path.toFile());
    } catch (ZipException | EOFException | IllegalArgumentException e) {
      throw malformed(e.getMessage() == null ? "it is cut off" : e.getMessage(), e);
    }
    try {
      if (zip.size() > TensorFile.MAX_TENSORS) {
        throw malformed(
            "expected at most %d entries, found %d".formatted(TensorFile.MAX_TENSORS, zip.size()),
            null);
      }
      long fileSize = path.toFile().length();
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String name = entry.getName();
        if (entries.putIfAbsent(name, entry) != null) {
          throw malformed("entry '" + name + "' is there twice", null);
        }
        long packed = entry.getCompressedSize();
        long size = entry.getSize();
        long most = entry.getMethod() == ZipEntry.STORED ? packed : packed * MAX_RATIO + MAX_RATIO;
        if (packed < 0 || packed > fileSize || size < 0 || size > most) {
          throw malformed(
              "entry '%s' claims %d bytes packed, %d unpacked in a file of %d"
                  .formatted(name, packed, size, fileSize),
              null);
        }
      }
    } catch (RuntimeException e) {
      zip.close(); // an illegal argument is a text of the directory that is not UTF-8
      throw e instanceof IllegalArgumentException ? malformed(e.getMessage(), e) : e;
    }
  }

  /** The entries by name, in the directory's order. Their sizes are plausible, not yet proven. */
  public Map<String, ZipEntry> entries() {
    return entries;
  }

  /** Reads an entry, the first time all of it: what the body leaves is read for the CRC. */
  public <T> T read(String name, Body<T> body) throws IOException {
    ZipEntry entry = entries.get(name);
    if (verified.contains(name)) { // of a storage that many tensors share, each reads its own part
      return peek(name, body);
    }
    CRC32 crc = new CRC32();
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
      T result = body.read(in);
      in.transferTo(OutputStream.nullOutputStream());
      if (crc.getValue() != entry.getCrc()) {
        throw malformed(
            "entry '%s': expected CRC %08x, found %08x: the file is damaged"
                .formatted(name, entry.getCrc(), crc.getValue()),
            null);
      }
      verified.add(name);
      return result;
    } catch (ZipException | EOFException e) {
      throw malformed("entry '" + name + "': " + e.getMessage(), e);
    }
  }

  /** Reads the start of an entry, without its CRC being checked. */
  public <T> T peek(String name, Body<T> body) throws IOException {
    try (InputStream in = zip.getInputStream(entries.get(name))) {
      return body.read(in);
    } catch (ZipException | EOFException e) {
      throw malformed("entry '" + name + "': " + e.getMessage(), e);
    }
  }

  public byte[] bytes(String name, int atMost) throws IOException {
    if (entries.get(name).getSize() > atMost) {
      throw malformed(
          "entry '%s': expected at most %d bytes, found %d"
              .formatted(name, atMost, entries.get(name).getSize()),
          null);
    }
    return read(name, InputStream::readAllBytes);
  }

  private MalformedFileException malformed(String problem, Throwable cause) {
    return new MalformedFileException(path + ": a corrupt zip file: " + problem, cause);
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

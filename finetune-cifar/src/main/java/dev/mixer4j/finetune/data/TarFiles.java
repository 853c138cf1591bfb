package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Reads tar archives, packed with gzip or not, into memory; their names never become paths on the
 * disk.
 */
final class TarFiles {

  /** CIFAR-10's archive has 9 entries of 185 MB, CIFAR-100's 5. */
  private static final int MAX_ENTRIES = 1000;

  private static final long MAX_BYTES = 1 << 30;

  /** Names and attributes have some hundred bytes; the end of an archive is padded to 10 kB. */
  private static final long MAX_HEADERS = 1 << 20;

  private TarFiles() {}

  private record Entry(byte[] content) implements DataFiles.Content {

    @Override
    public long size() {
      return content.length;
    }

    @Override
    public InputStream open() {
      return new ByteArrayInputStream(content);
    }

    @Override
    public ByteBuffer bytes() {
      return ByteBuffer.wrap(content);
    }
  }

  /** Reads a whole archive; returns its folders that have files, sorted by name. */
  static List<DataFiles> read(Path archive) throws IOException {
    return read(archive, Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 2));
  }

  /** With another bound, for tests. */
  static List<DataFiles> read(Path archive, long maxBytes) throws IOException {
    if (!Files.isRegularFile(archive)) {
      throw new DatasetException(
          archive + ": expected a folder or a tar archive, found a pipe or a device");
    }
    SortedMap<String, DataFiles> folders = new TreeMap<>();
    try (Tar tar = open(archive)) {
      int entries = 0;
      long total = 0;
      for (TarArchiveEntry entry = tar.next(); entry != null; entry = tar.next()) {
        byte[] content = tar.readNBytes((int) (maxBytes - total)); // grows with what is there
        total += content.length;
        if (++entries > MAX_ENTRIES || total >= maxBytes) {
          throw new DatasetException(
              "%s: expected at most %d entries of at most %d bytes together, found more; unpack it"
                  .formatted(archive, MAX_ENTRIES, maxBytes));
        }
        boolean link = entry.isLink() || entry.isSymbolicLink();
        if (entry.isFile() && !entry.isSparse() && !link) {
          String name = entry.getName();
          String folder = name.substring(0, name.lastIndexOf('/') + 1);
          String prefix = archive + "!" + folder;
          DataFiles files =
              folders.computeIfAbsent(
                  folder, key -> new DataFiles(archive, file -> prefix + file, new TreeMap<>()));
          if (files.files().put(name.substring(folder.length()), new Entry(content)) != null) {
            throw new DatasetException(
                archive + "!" + name + ": expected one such entry, found several");
          }
        }
      }
      if (!tar.ended) {
        throw new IOException("it is cut off");
      }
    } catch (DatasetException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // the library has both for damaged archives
      throw new DatasetException(
          "%s: expected a tar archive, packed with gzip or not; it cannot be read: %s"
                  .formatted(archive, e.getMessage() == null ? e : e.getMessage())
              + "; is the file whole?",
          e);
    }
    return new ArrayList<>(folders.values());
  }

  private static Tar open(Path archive) throws IOException {
    InputStream file = new BufferedInputStream(Files.newInputStream(archive), 1 << 16);
    try {
      file.mark(2);
      boolean packed = file.read() == 0x1f && file.read() == 0x8b; // RFC 1952, section 2.3.1
      file.reset();
      return new Tar(packed ? new GZIPInputStream(file, 1 << 16) : file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Ends with an error where the headers of one entry take more than is left for them. */
  private static final class Headers extends FilterInputStream {
    private long left = Long.MAX_VALUE;

    Headers(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      take(1);
      return in.read();
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
      int n = in.read(to, offset, count);
      take(n);
      return n;
    }

    @Override
    public long skip(long count) throws IOException {
      long n = in.skip(count);
      take(n);
      return n;
    }

    private void take(long n) throws IOException {
      left -= Math.max(0, n);
      if (left < 0) {
        throw new IOException(
            "an entry whose headers, such as its name, have more than " + MAX_HEADERS + " bytes");
      }
    }
  }

  /** Notes the end record: without it, an archive that is cut off between entries seems intact. */
  private static final class Tar extends TarArchiveInputStream {
    private final Headers headers;
    private boolean ended;

    Tar(InputStream in) {
      this(new Headers(in));
    }

    private Tar(Headers headers) {
      super(headers, "UTF-8");
      this.headers = headers;
    }

    /** The library takes whatever length a header of a long name or of attributes claims. */
    TarArchiveEntry next() throws IOException {
      headers.left = MAX_HEADERS;
      try {
        return getNextEntry();
      } finally {
        headers.left = Long.MAX_VALUE;
      }
    }

    @Override
    protected boolean isEOFRecord(byte[] record) {
      boolean end = super.isEOFRecord(record);
      ended |= end && record != null;
      return end;
    }
  }
}

package dev.mixer4j.finetune.data;

import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
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
import org.apache.commons.compress.archivers.tar.TarUtils;

/**
 * Reads tar archives, packed with gzip or not, into memory; their names never become paths on the
 * disk.
 */
final class TarFiles {

  /** CIFAR-10's archive has 9 entries of 185 MB, CIFAR-100's 5. */
  private static final int MAX_ENTRIES = 1000;

  private static final long MAX_BYTES = 1 << 30;

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
    SortedMap<String, DataFiles> folders = new TreeMap<>();
    try (Tar tar = open(archive)) {
      int entries = 0;
      long total = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
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
    InputStream file =
        new BufferedInputStream(Files.newInputStream(RegularFile.check(archive)), 1 << 16);
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

  /** Notes the end record: without it, an archive that is cut off between entries seems intact. */
  private static final class Tar extends TarArchiveInputStream {
    // POSIX.1-2017, pax, "ustar Interchange Format", and GNU tar's long names.
    private static final int SIZE = 124;
    private static final int TYPE = 156;
    private static final String LONG_NAMES = "LKxg";
    private static final int MAX_NAME = 1 << 16;

    private boolean ended;

    Tar(InputStream in) {
      super(in, "UTF-8");
    }

    /** A record of 512 bytes; the library would take any amount of memory for names. */
    @Override
    protected byte[] readRecord() throws IOException {
      byte[] record = super.readRecord();
      if (record != null && LONG_NAMES.indexOf(record[TYPE]) >= 0) {
        long bytes = TarUtils.parseOctalOrBinary(record, SIZE, 12);
        if (bytes > MAX_NAME) {
          throw new IOException(
              "expected a name of at most %d bytes, found %d".formatted(MAX_NAME, bytes));
        }
      }
      return record;
    }

    @Override
    protected boolean isEOFRecord(byte[] record) {
      boolean end = super.isEOFRecord(record);
      ended |= end && record != null;
      return end;
    }
  }
}

package dev.mixer4j.finetune.data;

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

/**
 * The files of one folder of a tar archive, compressed with gzip or not. The archive is read once,
 * into memory; nothing is written to disk.
 */
final class TarFiles implements DataFiles {

  /** CIFAR-10's archive has 9 entries of 185 MB, CIFAR-100's 5. */
  private static final int MAX_ENTRIES = 1000;

  private static final long MAX_BYTES = 1 << 30;

  private final Path archive;
  private final String folder;
  private final SortedMap<String, byte[]> contents = new TreeMap<>();

  private TarFiles(Path archive, String folder) {
    this.archive = archive;
    this.folder = folder;
  }

  /**
   * Reads a whole archive, and returns the files of each folder, in the order of the folders'
   * names.
   */
  static List<DataFiles> read(Path archive) throws IOException {
    return read(archive, Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 2));
  }

  /** For tests: with another limit. */
  static List<DataFiles> read(Path archive, long maxBytes) throws IOException {
    SortedMap<String, TarFiles> folders = new TreeMap<>();
    try (Tar tar = open(archive)) {
      int entries = 0;
      long total = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        byte[] content = tar.readNBytes((int) (maxBytes - total));
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
          folders
              .computeIfAbsent(folder, key -> new TarFiles(archive, key))
              .put(name.substring(folder.length()), content);
        }
      }
      if (!tar.ended) {
        throw new IOException("it is cut off");
      }
    } catch (DatasetException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // the library throws both for damaged archives
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

  private void put(String name, byte[] content) {
    if (contents.put(name, content) != null) {
      throw new DatasetException(show(name) + ": expected one such entry, found several");
    }
  }

  @Override
  public Path path() {
    return archive;
  }

  @Override
  public SortedMap<String, Long> sizes() {
    SortedMap<String, Long> sizes = new TreeMap<>();
    contents.forEach((name, content) -> sizes.put(name, (long) content.length));
    return sizes;
  }

  @Override
  public String show(String name) {
    return archive + "!" + folder + name;
  }

  @Override
  public InputStream open(String name) {
    return new ByteArrayInputStream(contents.get(name));
  }

  @Override
  public ByteBuffer bytes(String name) {
    return ByteBuffer.wrap(contents.get(name));
  }

  /**
   * Notices the end marker, without which an archive that is cut off between entries looks
   * complete.
   */
  private static final class Tar extends TarArchiveInputStream {
    private boolean ended;

    Tar(InputStream in) {
      super(in, "UTF-8");
    }

    @Override
    protected boolean isEOFRecord(byte[] record) {
      boolean end = super.isEOFRecord(record);
      ended |= end && record != null;
      return end;
    }
  }
}

package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * The files of one folder of a tar archive, packed with gzip or not, which is read without being
 * unpacked: its names never become paths on the disk. To open a file is to read the archive up to
 * it.
 */
final class TarFiles implements DataFiles {

  /** CIFAR-10's archive has 9 entries of 185 MB, CIFAR-100's 5. */
  private static final int MAX_ENTRIES = 1000;

  private static final long MAX_BYTES = 4L << 30;

  private final Path archive;
  private final String folder;
  private final SortedMap<String, Long> sizes = new TreeMap<>();

  private TarFiles(Path archive, String folder) {
    this.archive = archive;
    this.folder = folder;
  }

  /**
   * Goes through a whole archive, so that the sizes are what is really there.
   *
   * @return one for each folder that has files, in the order of their names
   * @throws DatasetException if it is no sound archive, or has more than a data set needs
   */
  static List<DataFiles> read(Path archive) throws IOException {
    return read(archive, MAX_BYTES);
  }

  /** With another bound, for tests. */
  static List<DataFiles> read(Path archive, long maxBytes) throws IOException {
    SortedMap<String, TarFiles> folders = new TreeMap<>();
    try (Tar tar = tar(archive)) {
      int entries = 0;
      long total = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        long bytes = count(tar, maxBytes - total);
        total += bytes;
        if (++entries > MAX_ENTRIES || total >= maxBytes) {
          throw new DatasetException(
              "%s: expected at most %d entries of at most %d bytes together, found more"
                  .formatted(archive, MAX_ENTRIES, maxBytes));
        }
        if (isPlain(entry)) {
          String folder = folder(entry.getName());
          folders
              .computeIfAbsent(folder, name -> new TarFiles(archive, name))
              .put(entry.getName(), bytes);
        }
      }
      if (!tar.ended) {
        throw new IOException("it is cut off");
      }
    } catch (DatasetException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // the library has both for damaged archives
      throw unreadable(archive, e);
    }
    return new ArrayList<>(folders.values());
  }

  private static Tar tar(Path archive) throws IOException {
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

  /** Reads an entry to its end, or until it has more than the limit. */
  private static long count(InputStream in, long limit) throws IOException {
    byte[] chunk = new byte[1 << 16];
    long bytes = 0;
    for (int n = in.read(chunk); n >= 0 && bytes < limit; n = in.read(chunk)) {
      bytes += n;
    }
    return bytes;
  }

  private static boolean isPlain(TarArchiveEntry entry) {
    return entry.isFile() && !entry.isSparse() && !entry.isLink() && !entry.isSymbolicLink();
  }

  private static String folder(String entry) {
    return entry.substring(0, entry.lastIndexOf('/') + 1);
  }

  private void put(String entry, long bytes) {
    if (sizes.put(entry.substring(folder.length()), bytes) != null) {
      throw new DatasetException(archive + ": entry '" + entry + "' is there twice");
    }
  }

  @Override
  public Path path() {
    return archive;
  }

  @Override
  public SortedMap<String, Long> sizes() {
    return Collections.unmodifiableSortedMap(sizes);
  }

  @Override
  public String show(String name) {
    return archive + "!" + folder + name;
  }

  @Override
  public InputStream open(String name) throws IOException {
    try {
      Tar tar = tar(archive);
      try {
        for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
          if (isPlain(e) && e.getName().equals(folder + name)) {
            return new Entry(tar);
          }
        }
        throw new DatasetException(show(name) + ": the archive was changed while it was read");
      } catch (IOException | RuntimeException e) {
        tar.close();
        throw e;
      }
    } catch (DatasetException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unreadable(archive, e);
    }
  }

  @Override
  public ByteBuffer bytes(String name) throws IOException {
    long size = sizes.get(name);
    if (size > Integer.MAX_VALUE - 8) {
      throw new DatasetException(
          "%s: expected at most 2 GiB, found %d bytes".formatted(show(name), size));
    }
    try (InputStream in = open(name)) {
      return ByteBuffer.wrap(in.readNBytes((int) size));
    }
  }

  private static DatasetException unreadable(Path archive, Exception e) {
    return new DatasetException(
        "%s: expected a tar archive, packed with gzip or not; it cannot be read: %s"
                .formatted(archive, e.getMessage() == null ? e : e.getMessage())
            + "; is the file whole?",
        e);
  }

  /** Knows whether the archive's end was there: an archive cut off between entries seems sound. */
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

  /** An entry's bytes, with damage told our way. */
  private final class Entry extends FilterInputStream {
    Entry(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
      try {
        return super.read(to, offset, count);
      } catch (IOException | RuntimeException e) {
        throw unreadable(archive, e);
      }
    }
  }
}

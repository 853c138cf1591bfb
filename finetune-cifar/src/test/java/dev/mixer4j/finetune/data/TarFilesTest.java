package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.Fixtures;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TarFilesTest {

  @TempDir Path dir;
  private Path archive;
  private byte[] records;

  @BeforeEach
  void makeRecords() {
    archive = dir.resolve("a.tar");
    records = new byte[2 * 3073];
    Random random = new Random(1);
    for (int i = 0; i < 2; i++) {
      System.arraycopy(Fixtures.cifarRecord(i + 1, random), 0, records, 3073 * i, 3073);
    }
  }

  private interface Entries {
    void write(TarArchiveOutputStream tar) throws IOException;
  }

  private void write(Entries entries) throws IOException {
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(archive))) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      entries.write(tar);
    }
  }

  private static void file(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private Dataset open() throws IOException {
    return Datasets.open(archive, DatasetRequest.of(32));
  }

  private void assertRefused(String... message) {
    assertThatThrownBy(() -> open().test(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContainingAll(message);
  }

  @Test
  void namesAreNeverPaths() throws IOException {
    for (String name :
        List.of(
            "test_batch.bin",
            "./test_batch.bin",
            "/etc/test_batch.bin",
            "../../../up/test_batch.bin",
            "a".repeat(150) + "/test_batch.bin")) {
      write(tar -> file(tar, name, records));
      assertThat(DataFixtures.labels(open().test(ALL))).as(name).containsExactly(1, 2);
      assertThat(dir.toFile().list()).containsExactly("a.tar");
    }
  }

  @Test
  void linksAreNotFollowed() throws IOException {
    Path outside = Files.write(dir.resolve("outside"), records);
    for (byte type : new byte[] {TarConstants.LF_SYMLINK, TarConstants.LF_LINK}) {
      write(
          tar -> {
            TarArchiveEntry link = new TarArchiveEntry("test_batch.bin", type);
            link.setLinkName(outside.toString());
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
          });
      assertRefused("expected a data set, found none");
    }
  }

  @Test
  void aFileThatIsThereTwiceIsRefused() throws IOException {
    write(
        tar -> {
          file(tar, "x/test_batch.bin", records);
          file(tar, "x/test_batch.bin", records);
        });
    assertRefused("a.tar!x/test_batch.bin: expected one such entry, found several");
  }

  @Test
  void aSizeThatIsALieIsFoundOut() throws IOException {
    write(tar -> file(tar, "test_batch.bin", records));
    byte[] whole = Files.readAllBytes(archive);
    for (String size : List.of("00000100000", "77777777777", "00000014001")) {
      byte[] lying = whole.clone();
      System.arraycopy(size.getBytes(), 0, lying, 124, 11); // POSIX ustar: size, octal
      int sum = 0;
      Arrays.fill(lying, 148, 156, (byte) ' ');
      for (int i = 0; i < 512; i++) {
        sum += lying[i];
      }
      System.arraycopy("%06o\0 ".formatted(sum).getBytes(), 0, lying, 148, 8);
      Files.write(archive, lying);
      assertRefused("a.tar");
    }
  }

  @Test
  void cutOffAnywhere() throws IOException {
    archive = dir.resolve("a.tar.gz");
    byte[] whole = Files.readAllBytes(DataFixtures.path("cifar-10-binary.tar.gz"));
    for (int length = 2; length < whole.length - 8; length += 37) {
      Files.write(archive, Arrays.copyOf(whole, length));
      assertRefused("a.tar.gz: expected a tar archive, packed with gzip or not; it cannot be read");
    }
  }

  @Test
  void cutOffBetweenEntries() throws IOException {
    write(
        tar -> {
          file(tar, "test_batch.bin", records);
          file(tar, "data_batch_1.bin", records);
        });
    byte[] whole = Files.readAllBytes(archive);
    for (int entry : new int[] {1, 2}) {
      Files.write(archive, Arrays.copyOf(whole, entry * (512 + 6656))); // 6146 bytes fill 13 blocks
      assertRefused("a.tar: expected a tar archive", "it is cut off");
    }
  }

  @Test
  void whatIsNoArchiveIsRefused() throws IOException {
    Files.write(archive, records);
    assertRefused("a.tar");
    Files.writeString(archive, "hello");
    assertRefused("a.tar");
  }

  @Test
  void boundsOnEntriesAndBytes() throws IOException {
    write(
        tar -> {
          for (int i = 0; i < 1001; i++) {
            file(tar, "f" + i, new byte[0]);
          }
        });
    assertRefused("expected at most 1000 entries of at most", "found more");
  }

  @Test
  void aBombIsLeftWhereItGetsTooLarge() throws IOException {
    archive = dir.resolve("bomb.tgz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(archive));
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      file(tar, "one", new byte[600_000]);
      file(tar, "two", new byte[600_000]);
    }
    assertThat(TarFiles.read(archive, 1_200_001)).hasSize(1);
    assertThatThrownBy(() -> TarFiles.read(archive, 1_200_000))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("at most 1000 entries of at most 1200000 bytes together, found more");
  }

  /** A header of a few kilobytes, packed, whose name or attributes have hundreds of megabytes. */
  @ParameterizedTest
  @ValueSource(
      bytes = {
        TarConstants.LF_GNUTYPE_LONGNAME,
        TarConstants.LF_GNUTYPE_LONGLINK,
        TarConstants.LF_PAX_EXTENDED_HEADER_LC
      })
  void headersBeyondTheBound(byte type) throws IOException {
    archive = dir.resolve("a.tar.gz");
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(archive)))) {
      TarArchiveEntry name = new TarArchiveEntry("././@LongLink", type);
      byte[] chunk = new byte[1 << 20];
      Arrays.fill(chunk, (byte) '1');
      name.setSize(300L * chunk.length);
      tar.putArchiveEntry(name);
      for (int i = 0; i < 300; i++) {
        tar.write(chunk);
      }
      tar.closeArchiveEntry();
      file(tar, "x", records);
    }
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertRefused(archive.toString(), "headers", "more than 1048576 bytes");
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(50_000_000);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void archiveThatIsADevice() {
    archive = Path.of("/dev/zero");
    assertRefused("/dev/zero: expected a folder or a tar archive, found a pipe or a device");
  }
}

package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** The files of a folder on disk. */
final class FolderFiles implements DataFiles {

  private final Path folder;
  private final SortedMap<String, Long> sizes = new TreeMap<>();

  FolderFiles(Path folder) throws IOException {
    this.folder = folder;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (Files.isRegularFile(entry)) {
          sizes.put(entry.getFileName().toString(), Files.size(entry));
        }
      }
    }
  }

  @Override
  public Path path() {
    return folder;
  }

  @Override
  public SortedMap<String, Long> sizes() {
    return Collections.unmodifiableSortedMap(sizes);
  }

  @Override
  public String show(String name) {
    return folder.resolve(name).toString();
  }

  @Override
  public InputStream open(String name) throws IOException {
    return Files.newInputStream(folder.resolve(name));
  }

  @Override
  public ByteBuffer bytes(String name) throws IOException {
    try (FileChannel channel = FileChannel.open(folder.resolve(name), StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new DatasetException(
            "%s: expected at most 2 GiB, found %d bytes".formatted(show(name), channel.size()));
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }
}

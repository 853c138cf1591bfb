package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The regular files of one folder, on the disk or in an archive, by name.
 *
 * @param path the folder or the archive
 * @param shown a file's full name for messages
 */
record DataFiles(Path path, UnaryOperator<String> shown, SortedMap<String, Content> files) {

  interface Content {
    long size();

    InputStream open() throws IOException;

    ByteBuffer bytes() throws IOException;
  }

  private record OnDisk(Path file, long size) implements Content {

    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(file);
    }

    @Override
    public ByteBuffer bytes() throws IOException {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        if (channel.size() > Integer.MAX_VALUE) {
          throw new DatasetException(
              "%s: expected at most 2 GiB, found %d bytes".formatted(file, channel.size()));
        }
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      }
    }
  }

  static DataFiles in(Path folder) throws IOException {
    SortedMap<String, Content> files = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        // Some archives have each file in a folder of its own name.
        Path file = Files.isDirectory(entry) ? entry.resolve(name) : entry;
        if (Files.isRegularFile(file)) {
          files.put(name, new OnDisk(file, Files.size(file)));
        }
      }
    }
    return new DataFiles(folder, name -> folder.resolve(name).toString(), files);
  }

  boolean has(String name) {
    return files.containsKey(name);
  }

  String show(String name) {
    return shown.apply(name);
  }
}

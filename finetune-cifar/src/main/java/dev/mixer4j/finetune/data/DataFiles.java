package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SortedMap;

/** The files of one folder, on disk or in an archive, by name. */
interface DataFiles {

  /** The folder or the archive. */
  Path path();

  /** The size of each regular file. */
  SortedMap<String, Long> sizes();

  /** A file's whole name, for messages. */
  String show(String name);

  InputStream open(String name) throws IOException;

  /** The whole content of a file. */
  ByteBuffer bytes(String name) throws IOException;

  default boolean has(String name) {
    return sizes().containsKey(name);
  }
}

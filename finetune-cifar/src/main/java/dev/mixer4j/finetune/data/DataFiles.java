package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SortedMap;

/** The files of one folder, on the disk or in an archive, by name. */
interface DataFiles {

  /** The folder or the archive. */
  Path path();

  /** Bytes of each file that is there; links, pipes and the like count as missing. */
  SortedMap<String, Long> sizes();

  /** A file's whole name, for messages. */
  String show(String name);

  /** A file's bytes, one after the other. */
  InputStream open(String name) throws IOException;

  /** A file's bytes at once. */
  ByteBuffer bytes(String name) throws IOException;

  default boolean has(String name) {
    return sizes().containsKey(name);
  }
}

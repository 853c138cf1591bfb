package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.elements.ZipArchive;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteOrder;

/** The storages of a PyTorch file, which its pickle refers to. */
interface TorchStorages extends Closeable {

  /** The byte order of all elements. */
  ByteOrder order();

  /** A storage's size in bytes; -1 where it is missing. */
  long size(String key);

  /** Reads a storage from its first byte on, as far as the body likes. */
  <T> T read(String key, ZipArchive.Body<T> body) throws IOException;
}

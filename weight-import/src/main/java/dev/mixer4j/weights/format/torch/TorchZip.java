package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ZipArchive;
import dev.mixer4j.weights.format.pickle.Pickle;
import dev.mixer4j.weights.format.pickle.StateDict;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipEntry;

/**
 * The file of {@code torch.save} since PyTorch 1.6: a zip of {@code NAME/data.pkl}, which names the
 * tensors, and {@code NAME/data/KEY}, their storages.
 */
public final class TorchZip implements TorchStorages {

  /** Objects take some 70 times their pickle's bytes; H/14's with Adam's state has 250 thousand. */
  private static final int MAX_PICKLE = 4 << 20;

  private final Path path;
  private final ZipArchive zip;
  private final String root;
  private final ByteOrder order;

  private TorchZip(Path path, ZipArchive zip, String root) throws IOException {
    this.path = path;
    this.zip = zip;
    this.root = root;
    if (zip.entries().containsKey(root + "constants.pkl")) {
      throw new UnsupportedFileException(
          path
              + ": this is a TorchScript program; expected a state dict: save it in PyTorch with"
              + " torch.save(model.state_dict(), FILE)");
    }
    this.order = byteOrder();
  }

  /** Opens the file whose pickle is the entry {@code NAME/data.pkl}. */
  public static TensorFile open(Path path, ZipArchive zip, String pickleEntry) throws IOException {
    String root = pickleEntry.substring(0, pickleEntry.length() - "data.pkl".length());
    TorchZip storages = new TorchZip(path, zip, root);
    TorchPickle pickle = new TorchPickle(path);
    Object top = Pickle.load(path.toString(), zip.bytes(pickleEntry, MAX_PICKLE), pickle);
    return new TorchReader(path, StateDict.in(path, top), storages);
  }

  private ByteOrder byteOrder() throws IOException {
    String entry = root + "byteorder"; // absent before PyTorch 2.1, which wrote little-endian
    if (!zip.entries().containsKey(entry)) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    String text = new String(zip.bytes(entry, 16), StandardCharsets.US_ASCII);
    return switch (text) {
      case "little" -> ByteOrder.LITTLE_ENDIAN;
      case "big" -> ByteOrder.BIG_ENDIAN;
      default ->
          throw new MalformedFileException(
              path + ": a corrupt PyTorch file: byteorder is '" + text + "'");
    };
  }

  @Override
  public ByteOrder order() {
    return order;
  }

  @Override
  public long size(String key) {
    ZipEntry entry = zip.entries().get(root + "data/" + key);
    return entry == null ? -1 : entry.getSize();
  }

  @Override
  public <T> T read(String key, ZipArchive.Body<T> body) throws IOException {
    return zip.read(root + "data/" + key, body);
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

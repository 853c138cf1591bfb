package dev.mixer4j.weights.format.torch;

import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ElementReader;
import dev.mixer4j.weights.format.elements.ZipArchive;
import dev.mixer4j.weights.format.pickle.Pickle;
import dev.mixer4j.weights.format.torch.TorchPickle.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipEntry;

/**
 * The file of {@code torch.save} since PyTorch 1.6: a zip of {@code NAME/data.pkl}, which names the
 * tensors, and {@code NAME/data/KEY}, their storages.
 */
public final class TorchZip extends TorchReader {

  /** Objects take some 70 times their pickle's bytes; H/14's with Adam's state has 250 thousand. */
  private static final int MAX_PICKLE = 4 << 20;

  private final ZipArchive zip;
  private final String root;
  private final ByteOrder order;

  /** Opens the file whose pickle is the entry {@code NAME/data.pkl}. */
  public TorchZip(Path path, ZipArchive zip, String pickleEntry, String wanted) throws IOException {
    super(path, wanted);
    this.zip = zip;
    this.root = pickleEntry.substring(0, pickleEntry.length() - "data.pkl".length());
    if (zip.entries().containsKey(root + "constants.pkl")) {
      throw new UnsupportedFileException(
          path
              + ": this is a TorchScript program; expected a state dict: save it in PyTorch with"
              + " torch.save(model.state_dict(), FILE)");
    }
    this.order = byteOrder();
    ByteBuffer pickle = ByteBuffer.wrap(zip.bytes(pickleEntry, MAX_PICKLE));
    addAll(Pickle.load(path.toString(), pickle, new TorchPickle(path)));
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
      default -> throw malformed("byteorder is '" + text + "'");
    };
  }

  @Override
  long size(String storage) {
    ZipEntry entry = zip.entries().get(root + "data/" + storage);
    return entry == null ? -1 : entry.getSize();
  }

  @Override
  void read(Storage storage, long first, int count, FloatBuffer destination) throws IOException {
    zip.read(
        root + "data/" + storage.key(),
        in -> {
          in.skipNBytes(first * storage.dtype().size());
          ElementReader.read(in, storage.dtype(), order, count, destination);
          return null;
        });
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}

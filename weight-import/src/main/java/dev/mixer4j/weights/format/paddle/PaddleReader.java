package dev.mixer4j.weights.format.paddle;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ElementReader;
import dev.mixer4j.weights.format.pickle.NumpyArray;
import dev.mixer4j.weights.format.pickle.NumpyPickle;
import dev.mixer4j.weights.format.pickle.Pickle;
import dev.mixer4j.weights.format.pickle.StateDictFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads {@code .pdparams}, which {@code paddle.save} writes (python/paddle/framework/io.py, {@code
 * _legacy_save} and {@code _pickle_save}): a pickle of protocol 2 to 4 of a dictionary of NumPy
 * arrays or, of a dictionary of dictionaries, of pairs of a name and an array.
 */
public final class PaddleReader extends StateDictFile {

  /** Paddle's own names of the parameters, by their names in the model. */
  private static final String NAME_TABLE = "StructuredToParameterName@@";

  /** How arrays of over 2^30 bytes are cut up in protocols 2 and 3; no Mixer has one. */
  private static final String SLICES = "UnpackBigParamInfor@@";

  private final ByteBuffer file;
  private boolean paddles; // what Paddle writes and nobody else
  private final Map<String, NumpyArray> arrays = new LinkedHashMap<>();

  public PaddleReader(Path path, String wanted) throws IOException {
    super(path, Format.PDPARAMS, ".pdparams file", wanted);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new UnsupportedFileException(
            path + ": a .pdparams of more than 2 GiB is not read; save it in Paddle as float16");
      }
      file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
    String where = path.toString();
    String remedy = "load it in Paddle and save model.state_dict()";
    Object top = Pickle.load(where, file, new NumpyPickle(where, remedy));
    if (file.hasRemaining()) {
      throw malformed(file.remaining() + " bytes follow the pickle");
    }
    addAll(top);
  }

  /** A pickle of NumPy arrays alone may be anybody's. */
  @Override
  public String framework() {
    return paddles ? super.framework() : "";
  }

  @Override
  protected boolean isTensor(Object value) {
    return value instanceof NumpyArray
        || value instanceof Pickle.Tuple pair
            && pair.size() == 2
            && pair.get(1) instanceof NumpyArray;
  }

  @Override
  protected void add(String name, Object value) {
    if (name.equals(NAME_TABLE)) {
      paddles = true;
      ignored.add(name);
      return;
    }
    if (name.equals(SLICES)) {
      throw new UnsupportedFileException(
          path + ": its arrays are cut into slices, which is not read; save it with protocol=4");
    }
    boolean named = value instanceof Pickle.Tuple pair && pair.size() == 2;
    paddles |= named;
    Object candidate = named ? ((Pickle.Tuple) value).get(1) : value;
    if (!(candidate instanceof NumpyArray array) || !array.isComplete()) {
      throw new UnsupportedFileException(
          "%s: entry '%s' is not a tensor; expected paddle.save(model.state_dict(), FILE)"
              .formatted(path, name));
    }
    TensorInfo info = TensorInfo.checked(path, name, array.dtype(), array.sizes());
    if (!array.mayHold(info.bytes())) {
      throw malformed(
          "tensor '%s': expected %d bytes for %s of shape %s, found another number"
              .formatted(name, info.bytes(), info.dtype(), info.shape()));
    }
    arrays.put(name, array);
    tensors.put(name, info);
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    NumpyArray array = arrays.get(name);
    TensorInfo info = tensors.get(name);
    try (InputStream in = array.open(file)) {
      ElementReader.read(in, info, array.order(), array.fortran(), destination);
      if (in.read() >= 0) {
        throw new EOFException("more bytes than its shape needs");
      }
    } catch (EOFException e) {
      throw malformed("tensor '" + name + "': " + e.getMessage());
    }
  }

  @Override
  public void close() {
    // The mapping goes with the buffer: Java has no other way to end it.
  }
}

package dev.mixer4j.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Makes pickles, opcode by opcode. */
public final class PickleBytes {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Starts a pickle of protocol 2, which torch.save writes. */
  public static PickleBytes start() {
    return new PickleBytes().op(0x80, 2);
  }

  public PickleBytes op(int... opcodes) {
    for (int opcode : opcodes) {
      bytes.write(opcode);
    }
    return this;
  }

  public PickleBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    op('X');
    bytes.writeBytes(little(Integer.BYTES, utf8.length));
    bytes.writeBytes(utf8);
    return this;
  }

  public PickleBytes number(long number) {
    op(0x8a, 8);
    bytes.writeBytes(little(Long.BYTES, number));
    return this;
  }

  public PickleBytes global(String module, String name) {
    op('c');
    bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  public PickleBytes tuple(long... numbers) {
    op('(');
    for (long number : numbers) {
      number(number);
    }
    return op('t');
  }

  /** A storage by its persistent id. */
  public PickleBytes storage(String type, String key, long elements) {
    return op('(')
        .text("storage")
        .global("torch", type)
        .text(key)
        .text("cpu")
        .number(elements)
        .op('t', 'Q');
  }

  /** A tensor, as torch.save writes it. */
  public PickleBytes tensor(
      String type, String key, long elements, long offset, long[] sizes, long[] strides) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .op('(')
        .storage(type, key, elements)
        .number(offset)
        .tuple(sizes)
        .tuple(strides)
        .op(0x89)
        .op(')') // backward hooks, an empty OrderedDict in torch's own files
        .op('t', 'R');
  }

  /** Ends the pickle. */
  public byte[] stop() {
    return op('.').bytes.toByteArray();
  }

  private static byte[] little(int size, long number) {
    byte[] all =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    return java.util.Arrays.copyOf(all, size);
  }
}

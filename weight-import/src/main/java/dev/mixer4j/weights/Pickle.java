package dev.mixer4j.weights;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pickle machine that builds data and nothing else: text, numbers, lists, tuples, dictionaries,
 * and what {@link Constructors} allows by name. Opcodes are those of protocols 2 to 5 as CPython's
 * {@code pickletools} documents them; one that is not needed for data is refused. It does not
 * recurse, and allocates no more than the pickle has bytes for.
 */
final class Pickle {

  /** What a pickle may call. */
  interface Constructors {
    /**
     * The value of a global name, such as {@code torch.FloatStorage}.
     *
     * @return null where the name is not allowed
     */
    Object global(String name);

    /** Calls what {@link #global} gave. */
    Object call(Object callable, List<Object> arguments);

    /** The object behind a persistent id. */
    Object persistent(Object id);
  }

  /** A list that is a tuple, which in Python has a type of its own. */
  static final class Tuple extends ArrayList<Object> {
    private static final long serialVersionUID = 1L;

    Tuple(List<Object> items) {
      super(items);
    }
  }

  private static final Object MARK =
      new Object() {
        @Override
        public String toString() {
          return "a mark";
        }
      };

  private final String where;
  private final ByteBuffer in;
  private final Constructors constructors;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  /** ArrayDeque takes no null, so Python's None stands on the stack as this. */
  private static final Object NONE = new Object();

  private Pickle(String where, byte[] bytes, Constructors constructors) {
    this.where = where;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.constructors = constructors;
  }

  /**
   * Reads one pickle.
   *
   * @param where the file, for messages
   * @throws MalformedFileException if the bytes are no pickle
   * @throws UnsupportedFileException if it asks for anything but data
   */
  static Object load(String where, byte[] bytes, Constructors constructors) {
    Pickle pickle = new Pickle(where, bytes, constructors);
    try {
      return pickle.run();
    } catch (BufferUnderflowException e) {
      throw pickle.malformed("it is cut off");
    } catch (ClassCastException e) {
      throw pickle.malformed("an operand is of the wrong kind");
    }
  }

  private Object run() {
    while (true) {
      int at = in.position();
      int opcode = in.get() & 0xff;
      switch (opcode) {
        case 0x80 -> protocol(in.get());
        case 0x95 -> in.getLong(); // FRAME: a hint for streaming
        case '.' -> {
          return none(pop());
        }
        case '(' -> stack.push(MARK);
        case '0' -> pop();
        case 'N' -> stack.push(NONE);
        case 0x88 -> stack.push(true);
        case 0x89 -> stack.push(false);
        case 'J' -> stack.push((long) in.getInt());
        case 'K' -> stack.push((long) (in.get() & 0xff));
        case 'M' -> stack.push((long) (in.getShort() & 0xffff));
        case 0x8a -> stack.push(longOf(in.get() & 0xff));
        case 'G' -> stack.push(bigEndianDouble());
        case 'X' -> stack.push(text(in.getInt() & 0xffffffffL));
        case 0x8c -> stack.push(text(in.get() & 0xff));
        case 0x8d -> stack.push(text(in.getLong()));
        case '}' -> stack.push(new LinkedHashMap<>());
        case ']' -> stack.push(new ArrayList<>());
        case ')' -> stack.push(new Tuple(List.of()));
        case 't' -> stack.push(new Tuple(popToMark()));
        case 0x85 -> tuple(1);
        case 0x86 -> tuple(2);
        case 0x87 -> tuple(3);
        case 'q' -> memo.put(in.get() & 0xff, peek());
        case 'r' -> memo.put(in.getInt(), peek());
        case 0x94 -> memo.put(memo.size(), peek());
        case 'h' -> stack.push(recall(in.get() & 0xff));
        case 'j' -> stack.push(recall(in.getInt()));
        case 'a' -> append(List.of(pop()));
        case 'e' -> append(popToMark());
        case 's' -> {
          Object value = pop();
          put(List.of(pop(), value));
        }
        case 'u' -> put(popToMark());
        case 'c' -> stack.push(global(line(), line()));
        case 0x93 -> {
          String name = (String) pop();
          stack.push(global((String) pop(), name));
        }
        case 'Q' -> stack.push(constructors.persistent(pop()));
        case 'R' -> {
          List<Object> arguments = (Tuple) pop();
          stack.push(constructors.call(pop(), arguments));
        }
        // BUILD sets attributes, such as a state dict's _metadata: no tensor is among them.
        case 'b' -> pop();
        default ->
            throw new UnsupportedFileException(
                "%s: pickle opcode 0x%02x at byte %d is refused: it is not needed for plain data"
                    .formatted(where, opcode, at));
      }
    }
  }

  private void protocol(int version) {
    if (version < 2 || version > 5) {
      throw malformed("protocol " + version + " is not one of 2 to 5");
    }
  }

  private Object pop() {
    if (stack.isEmpty()) {
      throw malformed("its stack is empty at byte " + in.position());
    }
    Object top = stack.pop();
    if (top == MARK) {
      throw malformed("unexpected mark at byte " + in.position());
    }
    return top;
  }

  private Object peek() {
    Object top = pop();
    stack.push(top);
    return top;
  }

  private List<Object> popToMark() {
    List<Object> items = new ArrayList<>();
    while (!stack.isEmpty()) {
      Object top = stack.pop();
      if (top == MARK) {
        java.util.Collections.reverse(items);
        return items;
      }
      items.add(none(top));
    }
    throw malformed("no mark before byte " + in.position());
  }

  private static Object none(Object value) {
    return value == NONE ? null : value;
  }

  private void tuple(int size) {
    Object[] items = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      items[i] = none(pop());
    }
    stack.push(new Tuple(java.util.Arrays.asList(items)));
  }

  private Object recall(int index) {
    Object value = memo.get(index);
    if (value == null) {
      throw malformed("nothing was kept under " + index);
    }
    return value;
  }

  @SuppressWarnings("unchecked") // lists on the stack are made here, of Object
  private void append(List<Object> items) {
    List<Object> list = (List<Object>) peek();
    for (Object item : items) {
      list.add(none(item));
    }
  }

  @SuppressWarnings("unchecked") // maps on the stack are made here, of Object
  private void put(List<Object> pairs) {
    Map<Object, Object> map = (Map<Object, Object>) peek();
    if (pairs.size() % 2 != 0) {
      throw malformed("a key without a value before byte " + in.position());
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      // Only keys whose hash is cheap: a nested list could make hashing take for ever.
      Object key = pairs.get(i);
      if (!(key instanceof String || key instanceof Long)) {
        throw new UnsupportedFileException(
            where + ": a dictionary key that is neither text nor a whole number is refused");
      }
      if (map.containsKey(key)) {
        throw malformed("key '" + key + "' is there twice");
      }
      map.put(key, none(pairs.get(i + 1)));
    }
  }

  private Object global(String module, String name) {
    String full = module + "." + name;
    Object value = constructors.global(full);
    if (value == null) {
      throw new UnsupportedFileException(
          where
              + ": the pickle asks for '"
              + full
              + "', which is refused: only plain state dicts of tensors are read. If you trust the"
              + " file, load it in PyTorch and save model.state_dict()");
    }
    return value;
  }

  private String line() {
    int start = in.position();
    while (in.get() != '\n') {}
    return new String(in.array(), start, in.position() - 1 - start, StandardCharsets.UTF_8);
  }

  private String text(long length) {
    if (length < 0 || length > in.remaining()) {
      throw malformed(
          "it is cut off: text of %s bytes at byte %d, %d are left"
              .formatted(Long.toUnsignedString(length), in.position(), in.remaining()));
    }
    String text = new String(in.array(), in.position(), (int) length, StandardCharsets.UTF_8);
    in.position(in.position() + (int) length);
    return text;
  }

  private Long longOf(int length) {
    if (length > 8) {
      throw malformed("a whole number of " + length + " bytes");
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (in.get() & 0xffL) << 8 * i;
    }
    int unused = 64 - 8 * length;
    return length == 0 ? 0L : value << unused >> unused;
  }

  private Double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(in.getLong()));
  }

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(where + ": not a sound pickle: " + problem);
  }
}

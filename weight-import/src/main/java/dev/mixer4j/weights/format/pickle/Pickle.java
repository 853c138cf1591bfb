package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pickle machine that builds data and nothing else: text, bytes, numbers, lists, tuples,
 * dictionaries, and what {@link Constructors} allows by name. Opcodes are those of protocols 2 to 5
 * as CPython's {@code pickletools} documents them; one that is not needed for data is refused. It
 * does not recurse. Its memory is bounded by the instructions and text that it takes; bytes and
 * long texts stay where they are, as {@link Span}s.
 */
public final class Pickle {

  /** Makes an object from a call's arguments, which may be of any kind and number. */
  public interface Constructor {
    Object make(List<Object> arguments);
  }

  /** The constructor of {@code collections.OrderedDict}, which is pickled empty, then filled. */
  public static final Object ORDERED_DICT = new Object();

  private record Callable(String name, Constructor constructor) {}

  public interface Constructors {
    /** A global name's value: a {@link Constructor}, data, or null if it is not allowed. */
    Object global(String name);

    /** The object behind a persistent id. */
    Object persistent(Object id);

    /** Gives an object its state, as {@code __setstate__} would; unless overridden, ignores it. */
    default void build(Object target, Object state) {}

    /** A tuple of whole numbers, such as a shape or strides. */
    default long[] sizes(Object tuple) {
      Tuple sizes = (Tuple) tuple;
      if (sizes.size() > MAX_RANK) {
        throw malformed("a tensor of " + sizes.size() + " dimensions");
      }
      return sizes.stream().mapToLong(size -> (Long) size).toArray();
    }

    /** The error of a file whose pickle is sound and whose calls are not. */
    MalformedFileException malformed(String problem);

    /** What somebody who trusts a refused file can do. */
    default String remedy() {
      return "load it in PyTorch and save model.state_dict()";
    }
  }

  /** Bytes that are left in the buffer: data, or the UTF-8 of a text too long to be a name. */
  record Span(int offset, int length, boolean text) {}

  /** Far above any checkpoint's: Mixer-L/16 with its optimizer takes some 30,000. */
  private static final int MAX_INSTRUCTIONS = 1 << 20;

  /** NumPy's and PyTorch's own bound on dimensions. */
  private static final int MAX_RANK = 64;

  private static final int MAX_NAME = 4096;
  private static final int MAX_TEXT = 32 << 20;
  private static final int MAX_LINE = 1024;

  /** A list that is a tuple, which in Python has a type of its own. */
  public static final class Tuple extends ArrayList<Object> {
    private static final long serialVersionUID = 1L;

    Tuple(List<Object> items) {
      super(items);
    }
  }

  private static final Object MARK = new Object();

  private final String where;
  private final ByteBuffer in;
  private int textBytes;
  private final Constructors constructors;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  /** ArrayDeque takes no null, so Python's None stands on the stack as this. */
  private static final Object NONE = new Object();

  private Pickle(String where, ByteBuffer in, Constructors constructors) {
    this.where = where;
    this.in = in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.constructors = constructors;
  }

  /** Reads one pickle of the file {@code where}, and leaves the buffer's position behind it. */
  public static Object load(String where, ByteBuffer buffer, Constructors constructors) {
    Pickle pickle = new Pickle(where, buffer, constructors);
    try {
      Object top = pickle.run();
      buffer.position(pickle.in.position());
      return top;
    } catch (BufferUnderflowException e) {
      throw pickle.malformed("it is cut off at byte " + pickle.in.limit());
    } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException e) {
      throw pickle.malformed("an operand is of the wrong kind before byte " + pickle.in.position());
    }
  }

  private Object run() {
    for (int instructions = 0; instructions < MAX_INSTRUCTIONS; instructions++) {
      int at = in.position();
      int opcode = in.get() & 0xff;
      switch (opcode) {
        case 0x80 -> checkProtocol(in.get());
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
        case 'G' -> stack.push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
        case 'X' -> stack.push(text(in.getInt() & 0xffffffffL));
        case 0x8c -> stack.push(text(in.get() & 0xff));
        case 0x8d -> stack.push(text(in.getLong()));
        case 'U' -> stack.push(byteText(in.get() & 0xff));
        case 'T' -> stack.push(byteText(in.getInt() & 0xffffffffL));
        case 'C' -> stack.push(span(in.get() & 0xff, false));
        case 'B' -> stack.push(span(in.getInt() & 0xffffffffL, false));
        case 0x8e -> stack.push(span(in.getLong(), false));
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
          stack.push(call(pop(), arguments));
        }
        case 'b' -> {
          Object state = none(pop());
          constructors.build(peek(), state);
        }
        default ->
            throw new UnsupportedFileException(
                "%s: pickle opcode 0x%02x at byte %d is refused: it is not needed for plain data"
                    .formatted(where, opcode, at));
      }
    }
    throw new UnsupportedFileException(
        "%s: the pickle takes more than %d instructions; is it weights?"
            .formatted(where, MAX_INSTRUCTIONS));
  }

  private void checkProtocol(int version) {
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
        Collections.reverse(items);
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
    stack.push(new Tuple(Arrays.asList(items)));
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
      Object key = bytesAsText(pairs.get(i), in);
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

  /** Short bytes as Latin-1: Python 2's texts, and what Python 3 makes of them. */
  static Object bytesAsText(Object value, ByteBuffer file) {
    if (value instanceof byte[] bytes && bytes.length <= MAX_NAME) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
    if (value instanceof Span span && !span.text && span.length <= MAX_NAME) {
      byte[] bytes = new byte[span.length];
      file.duplicate().position(span.offset).get(bytes);
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
    return value;
  }

  private Object global(String module, String name) {
    String full = module + "." + name;
    Object value = constructors.global(full);
    if (value == null) {
      throw new UnsupportedFileException(
          "%s: the pickle asks for '%s', which is refused: only plain data is read."
                  .formatted(where, full)
              + " If you trust the file, "
              + constructors.remedy());
    }
    return value instanceof Constructor constructor ? new Callable(full, constructor) : value;
  }

  private Object call(Object callable, List<Object> arguments) {
    if (callable == ORDERED_DICT) {
      if (!arguments.isEmpty()) {
        throw constructors.malformed("an OrderedDict with arguments before byte " + in.position());
      }
      return new LinkedHashMap<>();
    }
    if (!(callable instanceof Callable known)) {
      throw constructors.malformed(
          "a call of something that is no constructor before byte " + in.position());
    }
    try {
      return known.constructor.make(arguments);
    } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException e) {
      throw constructors.malformed("unexpected arguments of " + known.name);
    }
  }

  private String line() {
    byte[] line = new byte[MAX_LINE];
    for (int i = 0; i < MAX_LINE; i++) {
      line[i] = in.get();
      if (line[i] == '\n') {
        return new String(line, 0, i, StandardCharsets.UTF_8);
      }
    }
    throw malformed("a name of more than " + MAX_LINE + " bytes before byte " + in.position());
  }

  private Object text(long length) {
    return length < 0 || length > MAX_NAME
        ? span(length, true)
        : name(length, StandardCharsets.UTF_8);
  }

  /** A byte string of Python 2, which has texts and bytes as one: a text of characters 0 to 255. */
  private Object byteText(long length) {
    return length > MAX_NAME ? span(length, false) : name(length, StandardCharsets.ISO_8859_1);
  }

  private String name(long length, Charset charset) {
    textBytes += (int) length;
    if (textBytes > MAX_TEXT) {
      throw malformed("more than " + MAX_TEXT + " bytes of names");
    }
    if (length > in.remaining()) {
      throw tooLong("text", length);
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return new String(bytes, charset);
  }

  private Span span(long length, boolean text) {
    int at = in.position();
    if (length < 0 || length > in.remaining()) {
      throw tooLong(text ? "text" : "data", length);
    }
    in.position(at + (int) length);
    return new Span(at, (int) length, text);
  }

  private MalformedFileException tooLong(String what, long length) {
    return malformed(
        "it is cut off: %s of %s bytes at byte %d, %d are left"
            .formatted(what, Long.toUnsignedString(length), in.position(), in.remaining()));
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

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(where + ": a corrupt pickle: " + problem);
  }
}

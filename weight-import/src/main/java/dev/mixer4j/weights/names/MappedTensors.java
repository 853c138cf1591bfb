package dev.mixer4j.weights.names;

import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.tensorflow.ndarray.Shape;

/** The tensors of a file under the names of a network's variables, as far as a table names them. */
public final class MappedTensors {

  /** The tensor of the file that a variable is read from, and how. */
  public record Source(TensorInfo info, Layout layout) {
    public Shape shape() {
      return layout.shape(info.shape());
    }
  }

  private final SourceNames names;
  private final Map<String, Source> sources = new LinkedHashMap<>();
  private final List<String> ignored = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private int known;

  /** What people call the last layer, with a number if it is a sequence. */
  private static final Pattern HEAD =
      Pattern.compile("(.*[./])?(head|classifier|fc|mlp_head|predictions)([./].*)?");

  /**
   * Maps all tensors of a file; what does not fit is found by {@link #problem}.
   *
   * @param newHead whether the file's head is not needed, whatever its names
   * @param wanted the names of the file's tensors that may be the network's
   */
  public MappedTensors(TensorFile file, NameTable table, boolean newHead, Set<String> wanted) {
    names = new SourceNames(wanted, table);
    ignored.addAll(file.ignored());
    for (TensorInfo info : file.tensors().values()) {
      String plain = names.plain(info.name());
      boolean otherHead = newHead && !table.knows(plain) && HEAD.matcher(info.name()).matches();
      if (otherHead || !wanted.contains(info.name()) || names.isBeside(info.name())) {
        ignored.add(info.name());
      } else if (!table.knows(plain)) {
        unknown.add(info.name());
      } else {
        known++;
        List<NameTable.Target> targets = table.targets(plain);
        if (targets.isEmpty()) {
          ignored.add(info.name());
        }
        targets.forEach(target -> add(info, target));
      }
    }
    if (!names.rivals().isEmpty()) {
      problems.add(
          "several networks: there are as many of %s's names behind each of '%s'; convert --part PREFIX takes one of them"
              .formatted(table.owner(), String.join("', '", names.rivals())));
    }
    if (!unknown.isEmpty()) {
      problems.add(
          "%d of %d tensors have names that are not %s's: %s; expected names such as %s%s"
              .formatted(
                  unknown.size(),
                  file.tensors().size(),
                  table.owner(),
                  listed(unknown),
                  table.example(),
                  unknown.stream().allMatch(name -> HEAD.matcher(name).matches())
                      ? "; --drop-head or --classes N leave such a head out"
                      : ""));
    }
  }

  private void add(TensorInfo info, NameTable.Target target) {
    try {
      target.layout().shape(info.shape());
    } catch (IllegalArgumentException e) {
      problems.add("tensor '%s': %s".formatted(info.name(), e.getMessage()));
      return;
    }
    if (!info.dtype().isFloat()) {
      problems.add(
          "tensor '%s': expected a floating-point dtype, found %s"
              .formatted(info.name(), info.dtype()));
    }
    Source twin = sources.put(target.variable(), new Source(info, target.layout()));
    if (twin != null) {
      problems.add(
          "tensors '%s' and '%s' both stand for %s; remove one"
              .formatted(twin.info.name(), info.name(), target.variable()));
    }
  }

  private static String listed(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(5, names.size())));
    return names.size() > 5 ? first + ", …" : first;
  }

  /** What does not fit, in words; empty if all tensors have a place. */
  public String problem() {
    return problems.isEmpty() ? "" : problems.get(0);
  }

  public int known() {
    return known;
  }

  public Map<String, Source> sources() {
    return Collections.unmodifiableMap(sources);
  }

  /** Leaves out a variable, whose tensor is then not used. */
  public void leaveOut(String variable) {
    Source source = sources.remove(variable);
    if (source != null) {
      ignored.add(source.info.name());
    }
  }

  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    sources.forEach((variable, source) -> shapes.put(variable, source.shape()));
    return shapes;
  }

  public List<String> ignored() {
    return Collections.unmodifiableList(ignored);
  }

  public String prefix() {
    return names.prefix();
  }
}

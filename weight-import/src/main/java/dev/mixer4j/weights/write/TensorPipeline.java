package dev.mixer4j.weights.write;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.names.NameTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.tensorflow.ndarray.Shape;

/**
 * Reads the weights for a writer, one tensor at a time and in a framework's layouts, while the
 * previous tensor is written.
 */
final class TensorPipeline {

  interface Visitor {
    /** Bytes are little-endian, row-major, in native memory; the next tensor takes their place. */
    void visit(TensorInfo tensor, ByteBuffer bytes) throws IOException;
  }

  private final Network network;
  private final List<NameTable.Planned> plan;

  TensorPipeline(Network network, String framework) {
    this.network = network;
    this.plan =
        NameTable.of(network.family(), network.shapes().keySet(), framework)
            .orElseThrow(
                () ->
                    new UnsupportedFileException(
                        "a %s cannot be written with the names of %s"
                            .formatted(network.family(), framework)))
            .plan(network.shapes());
  }

  List<TensorInfo> tensors() {
    return plan.stream().map(TensorPipeline::info).toList();
  }

  private static TensorInfo info(NameTable.Planned planned) {
    return new TensorInfo(
        planned.name(), planned.pieces().isEmpty() ? DType.INT64 : DType.FLOAT32, planned.shape());
  }

  /** Visits all tensors: one is visited, on a thread of its own, while the next is read. */
  void forEach(Weights weights, LongConsumer progress, Visitor visitor) throws IOException {
    int largest = tensors().stream().mapToInt(t -> Math.toIntExact(t.bytes())).max().orElseThrow();
    boolean moved =
        plan.stream()
            .flatMap(planned -> planned.pieces().stream())
            .anyMatch(piece -> !piece.layout().keepsElements());
    FloatBuffer scratch = moved ? FloatBuffer.allocate(largest / Float.BYTES) : null;
    ByteBuffer[] buffers = {buffer(largest), buffer(largest)};
    ExecutorService visits = Executors.newSingleThreadExecutor();
    try {
      Future<?> before = CompletableFuture.completedFuture(null);
      for (int i = 0; i < plan.size(); i++) {
        TensorInfo tensor = info(plan.get(i));
        ByteBuffer bytes = buffers[i % 2].clear().limit((int) tensor.bytes());
        if (tensor.dtype() == DType.INT64) {
          bytes.putLong(0, 0);
        } else {
          read(weights, plan.get(i), scratch, bytes.asFloatBuffer());
        }
        await(before);
        before =
            visits.submit(
                () -> {
                  visitor.visit(tensor, bytes);
                  progress.accept(tensor.bytes());
                  return null;
                });
      }
      await(before);
    } finally {
      finish(visits);
    }
  }

  private static void await(Future<?> visit) throws IOException {
    try {
      visit.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
      }
      if (e.getCause() instanceof Error failed) {
        throw failed;
      }
      throw (RuntimeException) e.getCause(); // a visitor throws no other checked exception
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while writing");
    }
  }

  /** A visit that is still at work must not find its file closed. */
  private static void finish(ExecutorService visits) {
    visits.shutdown();
    try {
      visits.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads a tensor in the framework's layout, from one variable or from several. */
  private void read(
      Weights weights, NameTable.Planned planned, FloatBuffer scratch, FloatBuffer to) {
    for (NameTable.Target piece : planned.pieces()) {
      Shape shape = network.shapes().get(piece.variable());
      FloatBuffer values = piece.layout().keepsElements() ? to : scratch.clear();
      int start = values.position();
      weights.read(piece.variable(), values);
      if (values.position() - start != shape.size()) {
        throw new IllegalStateException(
            "expected %d numbers of %s, read %d"
                .formatted(shape.size(), piece.variable(), values.position() - start));
      }
      if (values != to) {
        to.position(piece.layout().part() * (int) shape.size());
        piece.layout().move(values.flip(), shape, to);
      }
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

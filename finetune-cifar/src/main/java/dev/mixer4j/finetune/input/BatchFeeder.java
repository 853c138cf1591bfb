package dev.mixer4j.finetune.input;

import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Prepares the next batches while the device computes. */
public final class BatchFeeder implements AutoCloseable {

  private static final int AHEAD = 2;

  private final LabelledImages images;
  private final TrainSettings settings;
  private final long last;
  private final ExecutorService maker =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread thread = new Thread(work, "batches");
            thread.setDaemon(true);
            return thread;
          });
  private final Deque<Future<Batch>> made = new ArrayDeque<>();
  private long asked;
  private EpochPlan plan; // only the worker thread uses it
  private int planned;
  private long waited;

  /** Starts with the batch of update {@code after + 1}. */
  public BatchFeeder(LabelledImages images, TrainSettings settings, long after, long last) {
    this.images = images;
    this.settings = settings;
    this.last = last;
    this.asked = after;
    for (int i = 0; i < AHEAD; i++) {
      ask();
    }
  }

  private void ask() {
    if (asked < last) {
      long step = ++asked;
      made.add(maker.submit(() -> make(step)));
    }
  }

  private Batch make(long step) {
    int epoch = Math.toIntExact((step - 1) / settings.stepsPerEpoch(images.size()) + 1);
    if (epoch != planned) {
      plan =
          EpochPlan.of(settings.seed(), epoch, images.size(), settings.shuffle(), settings.flip());
      planned = epoch;
    }
    return Batch.of(images, settings, plan, step);
  }

  /** The next batch, which the caller closes. */
  public Batch next() {
    long start = System.nanoTime();
    ask();
    try {
      return made.remove().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error failed) { // such as out of memory
        throw failed;
      }
      throw (RuntimeException) e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for data", e);
    } finally {
      waited += System.nanoTime() - start;
    }
  }

  /** Nanoseconds that {@link #next} waited since the last call of this method. */
  public long waited() {
    long since = waited;
    waited = 0;
    return since;
  }

  @Override
  public void close() {
    maker.shutdown();
    for (Future<Batch> batch : made) {
      try {
        batch.get().close();
      } catch (ExecutionException e) {
        continue; // it was never made
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}

package dev.mixer4j.weights.download;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.AtomicLong;

/** A response body that is written to a file, up to a limit, or refused unread. */
final class FileBody implements BodySubscriber<Void> {

  private final FileChannel channel;
  private final long limit; // where the file ends at the latest
  private final AtomicLong lastByte; // System.nanoTime() when something last came
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private Subscription subscription;

  FileBody(FileChannel channel, long limit, AtomicLong lastByte) {
    this.channel = channel;
    this.limit = limit;
    this.lastByte = lastByte;
  }

  /** Reads nothing: the head of the response says it all. */
  static FileBody unread() {
    FileBody body = new FileBody(null, 0, null);
    body.done.complete(null);
    return body;
  }

  /** Reads nothing and ends the request with an error. */
  static FileBody refused(IOException problem) {
    FileBody body = new FileBody(null, 0, null);
    body.done.completeExceptionally(problem);
    return body;
  }

  @Override
  public CompletionStage<Void> getBody() {
    return done;
  }

  @Override
  public void onSubscribe(Subscription s) {
    subscription = s;
    if (done.isDone()) {
      s.cancel();
    } else {
      s.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    lastByte.set(System.nanoTime());
    try {
      for (ByteBuffer buffer : buffers) {
        if (buffer.remaining() > limit - channel.position()) {
          fail(new DownloadException("the server sends more than " + limit + " bytes"));
          return;
        }
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      subscription.request(1);
    } catch (IOException e) {
      // The file's side, not the net's: a full disk does not mend by asking the server again.
      fail(new DownloadException("cannot write: " + e.getMessage(), e));
    }
  }

  private void fail(IOException problem) {
    subscription.cancel();
    done.completeExceptionally(problem);
  }

  @Override
  public void onError(Throwable problem) {
    done.completeExceptionally(problem);
  }

  @Override
  public void onComplete() {
    done.complete(null);
  }
}

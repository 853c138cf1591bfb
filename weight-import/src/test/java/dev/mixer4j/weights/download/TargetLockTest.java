package dev.mixer4j.weights.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class TargetLockTest {

  private static final Path TARGET = Path.of("/x/weights.pth");

  @TempDir Path folder;

  /** The other process: holds the lock until its input ends. */
  public static void main(String[] args) throws IOException {
    take(Path.of(args[0]), new DownloadListener() {});
    System.out.write('!');
    System.out.flush();
    System.in.read();
  }

  @Test
  void anotherProcessIsWaitedFor() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                TargetLockTest.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(other.getInputStream().read()).isEqualTo('!');

    CountDownLatch waiting = new CountDownLatch(1);
    DownloadListener listener =
        new DownloadListener() {
          @Override
          public void waiting() {
            waiting.countDown();
          }
        };
    FutureTask<FileChannel> mine = new FutureTask<>(() -> take(folder, listener));
    new Thread(mine).start();
    assertThat(waiting.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(mine.isDone()).isFalse();

    other.destroyForcibly(); // the system frees the lock of a process that dies
    mine.get().close();
  }

  private static FileChannel take(Path folder, DownloadListener listener) throws IOException {
    return TargetLock.take(folder, TARGET, DownloadPolicy.DEFAULT, listener);
  }
}

package dev.mixer4j.finetune.session;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.tensorflow.Server;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ClusterDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.JobDef;
import org.tensorflow.proto.ServerDef;

/**
 * The processes that train together, each a server of TensorFlow's distributed runtime. The first
 * one runs the training and sends the others their work.
 *
 * @param addresses valid HOST:PORT of each
 */
public record Cluster(List<String> addresses) {

  private static final String JOB = "worker";

  /** The process that leads the collectives. */
  public static final String LEADER = "/job:" + JOB + "/replica:0/task:0";

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** TensorFlow cannot end a server, so each lives as long as its process. */
  private static final Map<Cluster, Server> SERVERS = new ConcurrentHashMap<>();

  /** The first process as the server of a session. */
  public String target() {
    return "grpc://" + addresses.get(0);
  }

  /** Makes this process one of them until it ends; the task is its index among the addresses. */
  public void serve(int task, ConfigProto options) {
    SERVERS.computeIfAbsent(this, cluster -> start(task, options));
  }

  private Server start(int task, ConfigProto options) {
    if (!Platform.isWindows()) {
      // Calls to a process that is gone then fail, instead of waiting for its return. TensorFlow
      // reads this from the environment, which Java cannot set.
      int unlessSet = 0;
      NativeLibrary.getProcess()
          .getFunction("setenv")
          .invokeInt(new Object[] {"GRPC_FAIL_FAST", "true", unlessSet});
    }
    JobDef.Builder job = JobDef.newBuilder().setName(JOB);
    for (int i = 0; i < addresses.size(); i++) {
      job.putTasks(i, addresses.get(i));
    }
    ServerDef definition =
        ServerDef.newBuilder()
            .setProtocol("grpc")
            .setCluster(ClusterDef.newBuilder().addJob(job))
            .setJobName(JOB)
            .setTaskIndex(task)
            .setDefaultSessionConfig(options)
            .build();
    try {
      Server server = new Server(definition);
      server.start();
      return server;
    } catch (TensorFlowException e) {
      throw new MixerException(
          "%s: TensorFlow's server could not start here: %s%s"
              .formatted(
                  addresses.get(task), e.getMessage(), answers(task) ? "; the port is in use" : ""),
          e);
    }
  }

  public boolean answers(int task) {
    try (Socket socket = new Socket()) {
      socket.connect(socketAddress(task), 2000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private InetSocketAddress socketAddress(int task) {
    String address = addresses.get(task);
    int colon = address.lastIndexOf(':');
    int port = Integer.parseInt(address.substring(colon + 1));
    return new InetSocketAddress(address.substring(0, colon), port);
  }

  /** Waits up to ten minutes until all others answer; reports one that does not answer yet. */
  public void awaitWorkers(Consumer<String> says) {
    long start = System.nanoTime();
    for (int task = 1; task < addresses.size(); task++) {
      String wanted =
          "%s: no worker answers yet; start it there: finetune-cifar worker --cluster %s --task %d, with the training's --gpus, and --tf32 unless it is one in float32"
              .formatted(addresses.get(task), String.join(",", addresses), task);
      if (socketAddress(task).isUnresolved()) {
        throw new MixerException(addresses.get(task) + ": there is no host of that name");
      }
      boolean said = false;
      while (!answers(task)) {
        long waited = System.nanoTime() - start;
        if (waited > PATIENCE.toNanos()) {
          throw new MixerException(wanted);
        }
        if (waited > SILENCE.toNanos() && !said) {
          says.accept(wanted);
          said = true;
        }
        pause();
      }
    }
  }

  public static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for another process", e);
    }
  }
}

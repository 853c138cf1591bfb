package dev.mixer4j.finetune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.command.FinetuneCifar;
import dev.mixer4j.finetune.device.Devices;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes on this machine that train together. */
@Timeout(180)
class ClusterTest {

  @TempDir Path dir;

  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
  }

  private static String addresses() throws IOException {
    try (ServerSocket a = new ServerSocket(0);
        ServerSocket b = new ServerSocket(0)) {
      return "localhost:%d,localhost:%d".formatted(a.getLocalPort(), b.getLocalPort());
    }
  }

  private Process start(String log, Object... args) throws IOException {
    return start(List.of(), log, List.of(args));
  }

  private Process start(List<String> options, String log, List<Object> args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), FinetuneCifar.class.getName()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve(log).toFile())
            .start();
    processes.add(process);
    return process;
  }

  private List<Object> training(Path out, int epochs) throws IOException {
    Path data = dir.resolve("data");
    Path weights = dir.resolve("start.h5");
    if (Files.notExists(data)) {
      Fixtures.cifar(data);
      Fixtures.weights(weights);
    }
    return new ArrayList<>(
        List.of(
            "train",
            "--weights",
            weights,
            "--data",
            data,
            "--out",
            out,
            "--batch-size",
            20,
            "--micro-batch-size",
            10,
            "--learning-rate",
            1e-3,
            "--dropout",
            0.1,
            "--epochs",
            epochs));
  }

  private String said(String log) throws IOException {
    return Files.readString(dir.resolve(log));
  }

  /** The exit code; -1 where it does not end. */
  private static int code(Process process) throws InterruptedException {
    return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
  }

  @Test
  void twoProcessesTrainAsOneDoes() throws Exception {
    Path alone = dir.resolve("alone");
    Fixtures.Ran ran = Fixtures.run(training(alone, 2).toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    String addresses = addresses();
    Process worker = start("worker.log", "worker", "--cluster", addresses, "--task", 1);
    Path together = dir.resolve("together");
    List<Object> args = training(together, 2);
    args.addAll(List.of("--cluster", addresses));
    Process chief = start("chief.log", args.toArray());
    assertThat(code(chief)).as(said("chief.log")).isZero();
    assertThat(code(worker)).as(said("worker.log")).isZero();
    assertThat(said("worker.log"))
        .contains("the training has ended", "listens on this port at all addresses");
    Map<String, float[]> expected = Fixtures.read(alone.resolve("final.h5"));
    Map<String, float[]> found = Fixtures.read(together.resolve("final.h5"));
    expected.forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
  }

  @Test
  void aLossThatIsNotFiniteIsToldAsInOneProcess() throws Exception {
    String addresses = addresses();
    Process worker = start("worker.log", "worker", "--cluster", addresses, "--task", 1);
    List<Object> args = training(dir.resolve("run"), 2);
    args.addAll(List.of("--cluster", addresses, "--optimizer", "sgd"));
    args.set(args.indexOf("--learning-rate") + 1, 1e30);
    Process chief = start("chief.log", args.toArray());
    assertThat(code(chief)).as(said("chief.log")).isEqualTo(1);
    assertThat(said("chief.log")).contains("expected a finite loss and finite gradients");
    assertThat(code(worker)).as(said("worker.log")).isZero();
  }

  @Test
  void aHostThatDoesNotExistIsToldAtOnce() throws Exception {
    List<Object> args = training(dir.resolve("run"), 1);
    String first = addresses().split(",")[0];
    args.addAll(List.of("--cluster", first + ",no-such-host.invalid:2222"));
    Process chief = start("chief.log", args.toArray());
    assertThat(code(chief)).as(said("chief.log")).isEqualTo(3);
    assertThat(said("chief.log")).contains("no-such-host.invalid:2222: there is no host");
  }

  @Test
  void theLossOfAWorkerEndsTheTrainingWithAWordOfIt() throws Exception {
    String addresses = addresses();
    Process worker = start("worker.log", "worker", "--cluster", addresses, "--task", 1);
    List<Object> args = training(dir.resolve("run"), 100_000);
    args.addAll(List.of("--cluster", addresses, "--save-every", 5, "--log-every", 1));
    Process chief = start("chief.log", args.toArray());
    while (!said("chief.log").contains("step 7 ") && chief.isAlive()) {
      TimeUnit.MILLISECONDS.sleep(200);
    }
    worker.destroyForcibly().waitFor();
    assertThat(code(chief)).as(said("chief.log")).isEqualTo(3);
    assertThat(said("chief.log"))
        .contains("auto in " + addresses + ": TensorFlow failed after step ")
        .contains("the run can be resumed");
    assertThat(dir.resolve("run/checkpoints")).isNotEmptyDirectory();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aWorkerThatFallsSilentIsNotWaitedForForever() throws Exception {
    String addresses = addresses();
    Process worker = start("worker.log", "worker", "--cluster", addresses, "--task", 1);
    List<Object> args = training(dir.resolve("run"), 100_000);
    args.addAll(List.of("--cluster", addresses, "--log-every", 1));
    Process chief = start(List.of("-Dmixer4j.patience=10"), "chief.log", args);
    while (!said("chief.log").contains("step 7 ") && chief.isAlive()) {
      TimeUnit.MILLISECONDS.sleep(200);
    }
    new ProcessBuilder("kill", "-STOP", Long.toString(worker.pid())).start().waitFor();
    assertThat(code(chief)).as(said("chief.log")).isEqualTo(3);
    assertThat(said("chief.log")).contains("TensorFlow failed after step ");
  }

  @Test
  void aWorkerNeedsItsPlace() throws IOException {
    Fixtures.Ran ran = Fixtures.run("worker", "--cluster", "a:1,b:2", "--task", 2);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("--task: expected 1 to 1");
    ran = Fixtures.run("worker", "--task", 1);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("Missing required option: '--cluster=HOST:PORT'");
  }

  @Test
  void aWorkerWithoutTheGpusThatItIsToLendSaysSo() {
    String cluster = "localhost:1,localhost:2";
    Fixtures.Ran ran = Fixtures.run("worker", "--cluster", cluster, "--task", 1, "--gpus", 2);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("TensorFlow sees 0 GPUs");
    ran = Fixtures.run("worker", "--cluster", cluster, "--task", 1, "--device", "gpu");
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("gpu: TensorFlow sees no such GPU");
  }

  @Test
  void aSignalEndsAWorkerThatIsAtWork() throws Exception {
    String addresses = addresses();
    Process worker = start("worker.log", "worker", "--cluster", addresses, "--task", 1);
    List<Object> args = training(dir.resolve("run"), 100_000);
    args.addAll(List.of("--cluster", addresses, "--log-every", 1));
    Process chief = start("chief.log", args.toArray());
    while (!said("chief.log").contains("step 7 ") && chief.isAlive()) {
      TimeUnit.MILLISECONDS.sleep(200);
    }
    worker.destroy();
    assertThat(code(worker)).as(said("worker.log")).isEqualTo(130);
    assertThat(code(chief)).as(said("chief.log")).isEqualTo(3);
  }

  @Test
  void aPortThatIsTakenIsTold() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      String address = "localhost:" + taken.getLocalPort();
      Fixtures.Ran ran = Fixtures.run("worker", "--cluster", "localhost:1," + address, "--task", 1);
      assertThat(ran.code()).isEqualTo(3);
      assertThat(ran.err())
          .contains(address + ": TensorFlow's server could not start here")
          .contains("the port is in use");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a:1", "a:1,b", "a:1,b:0", "a:1,b:65536", "a:1,:2", "a:1,a:1", "a:1,grpc://b:2"})
  void addressesAreChecked(String text) throws IOException {
    assertThatThrownBy(() -> Devices.AUTO.inCluster(List.of(text.split(","))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
    List<Object> args = training(dir.resolve("run"), 1);
    args.addAll(List.of("--cluster", text));
    Fixtures.Ran ran = Fixtures.run(args.toArray());
    assertThat(ran.code()).isEqualTo(2);
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @Test
  void gpusAndDeviceExcludeEachOther() throws IOException {
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("--gpus", 2, "--device", "cpu"),
            List.of("--gpus", "some"),
            List.of("--gpus", 0))) {
      List<Object> args = training(dir.resolve("run"), 1);
      args.addAll(wrong);
      assertThat(Fixtures.run(args.toArray()).code()).isEqualTo(2);
    }
    List<Object> args = training(dir.resolve("run"), 1);
    args.addAll(List.of("--gpus", 2));
    Fixtures.Ran ran = Fixtures.run(args.toArray());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("2 GPUs: TensorFlow sees 0 GPUs");
    assertThat(dir.resolve("run")).doesNotExist();
  }
}

package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.Device;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.session.GpuKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {

  @Test
  void eachGpuIsDescribed() {
    List<Doctor.Finding> findings =
        Doctor.gpus(
            Optional.of(
                """
                0, NVIDIA H100 80GB HBM3, 550.54.15, 9.0, 81559, 81009
                1, Tesla V100-SXM2-16GB, 470.82.01, 7.0, 16160, 15000
                """));
    assertThat(findings).hasSize(2);
    assertThat(findings.get(0).ok()).isTrue();
    assertThat(findings.get(0).part()).isEqualTo("GPU 0");
    assertThat(findings.get(0).found())
        .isEqualTo(
            "NVIDIA H100 80GB HBM3, compute capability 9.0, 81009 of 81559 MB free, driver"
                + " 550.54.15");
    assertThat(findings.get(1).ok()).as("a driver for CUDA 11").isFalse();
    assertThat(findings.get(1).remedy()).contains("driver 525 or newer");
  }

  @Test
  void withoutAGpuItSaysWhatTheDriverSays() {
    List<Doctor.Finding> failed =
        Doctor.gpus(Optional.of("NVIDIA-SMI has failed because it\ncouldn't communicate\n"));
    assertThat(failed).singleElement().matches(finding -> !finding.ok());
    assertThat(failed.get(0).found())
        .endsWith("NVIDIA-SMI has failed because it couldn't communicate");
    assertThat(Doctor.gpus(Optional.empty()).get(0).found()).contains("there is no nvidia-smi");
  }

  /** Whatever this machine has: the code follows the training, and what is missing has a remedy. */
  @Test
  void theCodeIsThatOfTheTraining() throws IOException {
    Fixtures.Ran ran = Fixtures.run("doctor", "--json");
    JsonNode findings = new JsonMapper().readTree(ran.out());
    JsonNode last = findings.get(findings.size() - 1);
    assertThat(last.get("part").asText()).isEqualTo("training on gpu");
    assertThat(ran.code()).isEqualTo(last.get("ok").asBoolean() ? 0 : 1);
    for (JsonNode finding : findings) {
      assertThat(finding.get("found").asText()).isNotEmpty();
      assertThat(finding.get("remedy").asText().isEmpty()).isEqualTo(finding.get("ok").asBoolean());
    }
  }

  @Test
  void aGpuThatIsNotThereFails() {
    Fixtures.Ran ran = Fixtures.run("doctor", "--device", "gpu:99");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.out()).contains("training on gpu:99").contains("TensorFlow sees no such GPU");
  }

  /** Of TensorFlow's build for processors, which has kernels for GPUs of nothing that computes. */
  @Test
  void operationsWithoutAKernelAreNamedWithTheirTypes() {
    assertThat(
            GpuKernels.missing(DeviceTrial.graphOfEverything(DeviceTrial.NETWORKS.get(0), false)))
        .contains("MatMul bfloat16", "ReverseV2 int32 uint8")
        .noneMatch(operation -> operation.startsWith("VarHandleOp"));
    assertThat(
            GpuKernels.missing(DeviceTrial.graphOfEverything(DeviceTrial.NETWORKS.get(2), false)))
        .contains("Conv2D float", "PadV2 float int32", "Rsqrt float");
  }

  @Test
  void libdeviceIsLookedForWhereTheFlagsSay(@TempDir Path cuda) throws IOException {
    String flags = "--xla_gpu_enable_triton_gemm=false --xla_gpu_cuda_data_dir=" + cuda;
    Path file = cuda.resolve("nvvm/libdevice/libdevice.10.bc");
    Files.createDirectories(file.getParent());
    Files.createFile(file);
    assertThat(Doctor.libdevice(flags).found()).isEqualTo(file.toString());
  }

  @Test
  void aDeviceIsComparedWithAnother() throws IOException {
    DeviceTrial a = DeviceTrial.on(Device.CPU);
    DeviceTrial b = DeviceTrial.on(Device.CPU);
    assertThat(a.difference(b)).isZero();
    assertThat(a.lastLoss()).isLessThan(a.loss()[0]);
    b.weights().get("head/bias")[3] += 0.5f;
    assertThat(a.difference(b)).isEqualTo(0.5, org.assertj.core.data.Offset.offset(1e-6));
    b.loss()[1] += 2;
    assertThat(a.difference(b)).isEqualTo(2, org.assertj.core.data.Offset.offset(1e-6));
  }
}

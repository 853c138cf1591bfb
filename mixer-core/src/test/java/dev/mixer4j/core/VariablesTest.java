package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.network.Mixer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;

class VariablesTest {

  @Test
  void snapshotReadsIntoTheMiddleOfAnyBuffer() {
    Mixer config = Mixer.of(16, 8, 4, 1, 6, 10, 3);
    try (Graph graph = new Graph();
        InitialWeights start = new InitialWeights(config, 5)) {
      Variables variables = new Variables(Ops.create(graph), config);
      FloatBuffer direct =
          ByteBuffer.allocateDirect(40).order(ByteOrder.nativeOrder()).asFloatBuffer();
      try (Session session = new Session(graph)) {
        variables.load(session, start);
        try (Weights snapshot = variables.snapshot(session)) {
          for (FloatBuffer buffer :
              List.of(direct, FloatBuffer.allocate(10), FloatBuffer.allocate(12).slice(2, 10))) {
            snapshot.read("pre_head_layer_norm/scale", buffer.position(3));
            assertThat(buffer.position()).isEqualTo(7);
            float[] found = new float[10];
            buffer.rewind().get(found);
            assertThat(found).containsExactly(0, 0, 0, 1, 1, 1, 1, 0, 0, 0);
          }
        }
      }
    }
  }
}

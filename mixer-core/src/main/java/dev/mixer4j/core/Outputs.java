package dev.mixer4j.core;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * The outputs of a network in a graph.
 *
 * @param intermediates the outputs of the network's stages in order, such as a Mixer's blocks
 * @param features what the head classifies, [batch, {@link Network#featureSize}] float32
 * @param logits [batch, classes] float32; the features of a network without a head
 */
public record Outputs(
    List<Operand<TFloat32>> intermediates, Operand<TFloat32> features, Operand<TFloat32> logits) {}

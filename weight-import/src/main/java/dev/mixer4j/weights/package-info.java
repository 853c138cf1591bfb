/**
 * Checkpoints of any readable format, opened as networks with weights.
 *
 * <p>Start with {@link dev.mixer4j.weights.Checkpoint}. {@link dev.mixer4j.weights.ImportOptions}
 * override what a file says, {@link dev.mixer4j.weights.HigherResolution} adapts a Mixer to larger
 * images, {@link dev.mixer4j.weights.TensorDifference} compares two checkpoints, and {@link
 * dev.mixer4j.weights.TensorFiles} reads tensors that belong to no known network.
 */
package dev.mixer4j.weights;

/**
 * Writers of checkpoints: HDF5, safetensors, NumPy archives, TensorFlow checkpoints and
 * SavedModels.
 *
 * <p>Start with {@link dev.mixer4j.weights.write.CheckpointWriter}; {@link
 * dev.mixer4j.weights.write.TargetFormat} lists the formats.
 */
package dev.mixer4j.weights.write;

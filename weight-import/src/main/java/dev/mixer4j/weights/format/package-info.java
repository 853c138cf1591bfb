/**
 * Files as named tensors, without a network, and the exceptions for files that cannot be used.
 *
 * <p>{@link dev.mixer4j.weights.format.TensorFile} is an open file of any {@link
 * dev.mixer4j.weights.format.Format}; {@link dev.mixer4j.weights.TensorFiles} opens it. {@link
 * dev.mixer4j.weights.format.WeightsException} is the base class of the exceptions.
 */
package dev.mixer4j.weights.format;

/**
 * Networks in TensorFlow graphs, their weights, and a classifier that runs them.
 *
 * <ul>
 *   <li>To classify images: {@link dev.mixer4j.core.ImageClassifier}, {@link
 *       dev.mixer4j.core.ImageFile}, {@link dev.mixer4j.core.Prediction}, {@link
 *       dev.mixer4j.core.Device}.
 *   <li>To build a network into your own graph: {@link dev.mixer4j.core.Network}, {@link
 *       dev.mixer4j.core.Variables}, {@link dev.mixer4j.core.Pass}, {@link
 *       dev.mixer4j.core.Outputs}, {@link dev.mixer4j.core.Precision}, {@link
 *       dev.mixer4j.core.Regularization}.
 *   <li>Weights: {@link dev.mixer4j.core.Weights} and {@link dev.mixer4j.core.Model}, {@link
 *       dev.mixer4j.core.ModelInfo}, {@link dev.mixer4j.core.InitialWeights}, and the service
 *       {@link dev.mixer4j.core.WeightsLoader}, which opens files.
 *   <li>The size of a network: {@link dev.mixer4j.core.Profile}.
 *   <li>Errors: {@link dev.mixer4j.core.MixerException}.
 * </ul>
 */
package dev.mixer4j.core;

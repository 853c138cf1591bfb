package dev.mixer4j.weights.write;

import java.util.Locale;

/**
 * The inputs of the SavedModels that this library writes. Each is the name of a signature and of
 * that signature's one input. {@code serving_default}, which TensorFlow Serving uses for requests
 * that name no signature, is a copy of one of them.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoint.open(Path.of("mixer-b16.h5"))) {
 *   Metadata metadata = new Metadata(checkpoint.network(), checkpoint.info());
 *   CheckpointWriter.writeSavedModel(
 *       Path.of("model"), checkpoint, metadata, SavedModelInput.IMAGE_BYTES, false, bytes -> {});
 * }
 * }</pre>
 *
 * <p>The outputs of each signature, for N images and C classes:
 *
 * <table>
 * <caption>outputs</caption>
 * <tr><td>{@code logits}</td><td>[N, C] float32</td></tr>
 * <tr><td>{@code probabilities}</td><td>[N, C] float32, the softmax of the logits</td></tr>
 * <tr><td>{@code classes}</td><td>[N] string, the name of the most probable class, or {@code class
 * 7} if names are not known</td></tr>
 * <tr><td>{@code features}</td><td>[N, featureSize] float32, what the head classifies</td></tr>
 * </table>
 *
 * <p>Without a head, {@code features} is the only output. {@code classes} has one name for each
 * image, as TensorFlow's estimators have it in their predictions: TensorFlow Serving's rows then
 * read {@code {"classes": "cat", "probabilities": [...]}}, and ImageNet-21k's 21,843 names are not
 * sent with every answer.
 */
public enum SavedModelInput {
  /**
   * JPEG and PNG files as they are, [N] string, of any sizes; for networks of square images with 1
   * or 3 channels. Decoded, transformed as the weights ask, and normalized. By the ending of the
   * name, TensorFlow Serving's REST API knows that clients send base64. One file that cannot be
   * decoded fails the batch, with TensorFlow's message.
   */
  IMAGE_BYTES,

  /**
   * Pixels in 0..255, [N, height, width, channels] float32, of any one size; for networks of square
   * images. Transformed as the weights ask, and normalized.
   */
  IMAGES,

  /** The network's own input, [N, height, width, channels] float32: pixels less mean, over std. */
  NORMALIZED;

  /** The signature's name, such as {@code image_bytes}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.mixer4j.weights.write;

import java.util.Locale;

/**
 * What a SavedModel of ours takes. Each is the name of a signature and of that signature's one
 * input; {@code serving_default}, which TensorFlow Serving asks where a request names none, is a
 * copy of one of them.
 *
 * <p>Each signature gives, of N images and C classes,
 *
 * <table>
 * <caption>outputs</caption>
 * <tr><td>{@code logits}</td><td>[N, C] float32</td></tr>
 * <tr><td>{@code probabilities}</td><td>[N, C] float32, the softmax of the logits</td></tr>
 * <tr><td>{@code classes}</td><td>[N] string, the name of the most probable class, or {@code class
 * 7} where names are not known</td></tr>
 * <tr><td>{@code features}</td><td>[N, hiddenSize] float32, what the head classifies</td></tr>
 * </table>
 *
 * and without a head the features alone. In {@code classes} there is one name for each image, as
 * TensorFlow's estimators have it in their predictions: TensorFlow Serving's rows then read {@code
 * {"classes": "cat", "probabilities": [...]}}, and ImageNet-21k's 21,843 names are not sent with
 * every answer. (Only its Classify API, which is another signature's, has all of them.)
 */
public enum SavedModelInput {
  /**
   * JPEG and PNG files as they are, [N] string, of any sizes. Decoded, transformed as the weights
   * ask, and normalised. The name's ending tells TensorFlow Serving's REST API that clients send
   * base64. One file that cannot be decoded fails the batch, with TensorFlow's message.
   */
  IMAGE_BYTES,

  /**
   * Red, green and blue in 0..255, [N, height, width, 3] float32, of any one size. Transformed as
   * the weights ask, and normalised.
   */
  IMAGES,

  /** The network's own input, [N, imageSize, imageSize, 3] float32: pixels less mean, over std. */
  NORMALIZED;

  /** The signature's name, such as {@code image_bytes}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

/**
 * The preprocessing of images: resizing, cropping and normalization, in Java and in TensorFlow
 * graphs.
 *
 * <p>{@link dev.mixer4j.core.image.ImageInput} is what a network takes, {@link
 * dev.mixer4j.core.image.ImageTransform} is how an image of any size becomes that. {@link
 * dev.mixer4j.core.image.Preprocessing} does the same in a graph. Results in Java equal those of
 * Pillow to the bit.
 */
package dev.mixer4j.core.image;

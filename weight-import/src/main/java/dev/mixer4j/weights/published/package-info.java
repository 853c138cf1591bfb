/**
 * The published checkpoints that this library knows, and the class names of their data sets.
 *
 * <p>Start with {@link dev.mixer4j.weights.published.PublishedCheckpoints}. {@link
 * dev.mixer4j.weights.download.Downloader} downloads the files.
 */
package dev.mixer4j.weights.published;

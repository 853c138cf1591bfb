/**
 * Downloads of published files: resumed where they stopped, verified by size and hash, and cached.
 *
 * <p>Start with {@link dev.mixer4j.weights.download.Downloader}.
 */
package dev.mixer4j.weights.download;

package dev.mixer4j.weights.download;

import java.nio.file.Path;

/**
 * A file that has been downloaded.
 *
 * @param path where
 * @param size in bytes
 * @param hash its own, in hexadecimal, by the algorithm of the published one
 * @param fromCache whether it was there already and nothing had to be fetched
 */
public record Downloaded(Path path, long size, String hash, boolean fromCache) {}

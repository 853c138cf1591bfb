package dev.mixer4j.weights.download;

import java.nio.file.Path;

/**
 * The result of a download: a file and its hash.
 *
 * @param path where the file is
 * @param size in bytes
 * @param hash of the file, in hexadecimal, by the algorithm of the published hash
 * @param fromCache whether the file already existed, so that nothing was downloaded
 */
public record Downloaded(Path path, long size, String hash, boolean fromCache) {}

package dev.mixer4j.weights.download;

import java.nio.file.Path;

/**
 * A file that is there now.
 *
 * @param path where
 * @param size in bytes
 * @param sha256 its own hash, 64 hexadecimal digits
 * @param fromCache whether nothing had to be fetched
 */
public record Downloaded(Path path, long size, String sha256, boolean fromCache) {}

package dev.mixer4j.core;

/**
 * The origin of weights: format and hash of the file that they were made from.
 *
 * @param format of the file, such as {@code npz}, {@code pth} or {@code h5}
 * @param sha256 the hash of the file, 64 hexadecimal digits
 */
public record Origin(String format, String sha256) {}

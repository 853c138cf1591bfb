package dev.mixer4j.weights.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Where a weights file's numbers come from.
 *
 * @param format {@code npz}, {@code pth}, {@code safetensors}, {@code keras}, {@code pdparams} or
 *     {@code h5}
 * @param sha256 the source file's hash, 64 hexadecimal digits
 */
public record Source(String format, String sha256) {

  /**
   * Hashes a checkpoint's files, one after the other.
   *
   * @param format that they have
   * @param files are hashed in this order
   * @return their format and hash
   * @throws IOException if one cannot be read
   */
  public static Source of(Format format, List<Path> files) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] chunk = new byte[1 << 16];
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            digest.update(chunk, 0, n);
          }
        }
      }
      return new Source(format.toString(), HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}

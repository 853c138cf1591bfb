package dev.mixer4j.finetune.data;

import dev.mixer4j.weights.download.Downloadable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.OptionalLong;

/**
 * A published file of a data set.
 *
 * @param md5 32 hexadecimal digits in lower case; these publishers give no other hash
 */
public record DatasetFile(URI url, String md5) implements Downloadable {

  public DatasetFile {
    if (!md5.matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException(
          url + ": expected 32 hexadecimal digits, found '" + md5 + "'");
    }
  }

  public String fileName() {
    return url.getPath().substring(url.getPath().lastIndexOf('/') + 1);
  }

  @Override
  public OptionalLong size() {
    return OptionalLong.empty();
  }

  @Override
  public boolean hashed() {
    return true;
  }

  @Override
  public String expectedHash() {
    return "MD5 " + md5;
  }

  @Override
  public String hashOf(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      Files.copy(file, new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has MD5", e);
    }
  }

  @Override
  public boolean allows(long fileSize, String fileHash) {
    return fileHash.equals(md5);
  }
}

package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.Fixtures;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tensorflow.types.TUint8;

/** What tools/reference/make_data_fixtures.py made, and what torchvision reads there. */
public final class DataFixtures {

  public static final int ALL = Integer.MAX_VALUE;

  private DataFixtures() {}

  public static Path path(String name) {
    return Fixtures.resource("data/" + name);
  }

  public static JsonNode expected(String dataset) throws IOException {
    return new JsonMapper().readTree(path("expected.json").toFile()).required(dataset);
  }

  public static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  /** Unpacks a fixture's archive. */
  public static void unpack(String archive, Path to) throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new GZIPInputStream(new BufferedInputStream(Files.newInputStream(path(archive)))))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.isFile()) {
          Path file = to.resolve(entry.getName());
          Files.createDirectories(file.getParent());
          Files.copy(tar, file);
        }
      }
    }
  }

  public static void copy(Path folder, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(folder.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }

  /** All pixels of some images. */
  public static byte[] pixels(LabelledImages images) {
    byte[] pixels = new byte[(int) images.bytes()];
    try (TUint8 tensor = images.pixels(IntStream.range(0, images.size()).toArray())) {
      tensor.asRawTensor().data().read(pixels);
    }
    return pixels;
  }

  public static int[] labels(LabelledImages images) {
    int[] labels = new int[images.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = images.label(i);
    }
    return labels;
  }

  /** Compares with {@code {"shape": …, "labels": …, "sha256": …}}. */
  public static void assertSame(LabelledImages images, JsonNode expected) {
    assertThat(images.size()).isEqualTo(expected.at("/shape/0").intValue());
    assertThat(images.height()).isEqualTo(expected.at("/shape/1").intValue());
    assertThat(images.width()).isEqualTo(expected.at("/shape/2").intValue());
    List<Integer> labels = new ArrayList<>();
    expected.required("labels").forEach(label -> labels.add(label.intValue()));
    assertThat(labels(images)).containsExactly(labels.toArray(Integer[]::new));
    assertThat(sha256(pixels(images))).isEqualTo(expected.required("sha256").textValue());
  }

  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** The elements of a .npy file of uint8. */
  public static byte[] npy(String name) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path(name)));
    int header = Short.reverseBytes(file.getShort(8)); // version 1.0
    byte[] elements = new byte[file.limit() - 10 - header];
    file.get(10 + header, elements);
    return elements;
  }
}

package dev.mixer4j.weights.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdDelegatingSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.databind.util.StdConverter;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.published.PublishedFile;
import org.tensorflow.ndarray.Shape;

/** The JSON that commands print: records, their components named with underscores. */
final class Json {

  /** A published file; unknown values are null. */
  private record FileRow(String format, String url, String file, Long size, String sha256) {}

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(MapperFeature.AUTO_DETECT_IS_GETTERS)
          .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
          .addModule(
              new SimpleModule()
                  .addSerializer(ImageTransform.class, ToStringSerializer.instance)
                  .addSerializer(Shape.class, ToStringSerializer.instance)
                  .addSerializer(
                      new StdDelegatingSerializer(
                          PublishedFile.class,
                          new StdConverter<PublishedFile, FileRow>() {
                            @Override
                            public FileRow convert(PublishedFile file) {
                              return new FileRow(
                                  file.format().toString(),
                                  file.url().toString(),
                                  file.fileName(),
                                  file.size().isPresent() ? (Long) file.size().getAsLong() : null,
                                  file.sha256().orElse(null));
                            }
                          })))
          .build();

  private Json() {}

  static String text(Object value) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of texts, numbers and lists is JSON", e);
    }
  }
}

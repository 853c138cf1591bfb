package dev.mixer4j.finetune.command;

import dev.mixer4j.core.image.ImageTransform;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the option {@code --transform}. */
final class TransformConverter implements ITypeConverter<ImageTransform> {

  @Override
  public ImageTransform convert(String text) {
    try {
      return ImageTransform.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}

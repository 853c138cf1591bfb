package dev.mixer4j.spark;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Interpolation;

/** The choices of {@code --transform}. */
enum Transform {
  /** As published weights saw images. */
  TIMM(ImageTransform.TIMM),
  /** As finetune-cifar's saw them. */
  FIT(ImageTransform.FIT),
  /** Nothing cropped. */
  SQUASH(ImageTransform.squash(Interpolation.BICUBIC));

  private final ImageTransform image;

  Transform(ImageTransform image) {
    this.image = image;
  }

  ImageTransform image() {
    return image;
  }
}

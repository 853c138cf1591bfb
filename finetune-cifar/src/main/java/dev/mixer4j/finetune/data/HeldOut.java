package dev.mixer4j.finetune.data;

import java.io.IOException;

/**
 * A data set whose last training images are held out for validation. CIFAR and MNIST come in random
 * order, so these are a fair sample; vit_jax's configs also train on {@code train[:98%]}.
 */
final class HeldOut extends Dataset {

  private final Dataset whole;
  private final double fraction;

  /** Read once; both splits share its memory. */
  private LabelledImages all;

  HeldOut(Dataset whole, double fraction) {
    super(whole.kind(), whole.path(), whole.classNames(), whole.channels());
    this.whole = whole;
    this.fraction = fraction;
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    return all().slice(0, split()).first(limit);
  }

  @Override
  public LabelledImages validation(int limit) throws IOException {
    return all().slice(split(), all().size()).first(limit);
  }

  @Override
  public boolean hasValidation() {
    return true;
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    return whole.test(limit);
  }

  private int split() throws IOException {
    return DatasetRequest.trainedOn(all().size(), fraction);
  }

  private LabelledImages all() throws IOException {
    if (all == null) {
      LabelledImages images = whole.train(Integer.MAX_VALUE);
      if (images.size() < 2) {
        throw new DatasetException(
            path() + ": expected at least 2 training images to hold some out, found 1");
      }
      all = images;
    }
    return all;
  }
}

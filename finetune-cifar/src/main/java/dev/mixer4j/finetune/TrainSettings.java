package dev.mixer4j.finetune;

/**
 * What decides how a training run goes, beside its weights and data.
 *
 * @param epochs how often each image is trained on
 * @param batchSize images in a step; the last of an epoch has what is left
 * @param learningRate of every step
 * @param seed of order and augmentation
 * @param shuffle whether each epoch has an order of its own
 * @param augment whether images are mirrored at random
 * @param logEvery steps between two rows of the metrics
 */
record TrainSettings(
    int epochs,
    int batchSize,
    double learningRate,
    long seed,
    boolean shuffle,
    boolean augment,
    int logEvery) {}

/**
 * The progress and the outcome of a training.
 *
 * <p>{@link dev.mixer4j.finetune.progress.TrainingListener} receives the progress and can stop a
 * training; {@link dev.mixer4j.finetune.progress.FineTuningResult} is the outcome.
 */
package dev.mixer4j.finetune.progress;

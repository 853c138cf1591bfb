/**
 * Training and fine-tuning of networks.
 *
 * <p>{@link dev.mixer4j.finetune.FineTuning} is the whole API: it starts, resumes and extends runs.
 */
package dev.mixer4j.finetune;

/** The devices that a training runs on: one, several GPUs, or several machines. */
package dev.mixer4j.finetune.device;

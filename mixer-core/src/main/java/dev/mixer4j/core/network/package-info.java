/**
 * The families of networks, one record for each, and their presets.
 *
 * <p>{@link dev.mixer4j.core.network.Networks} finds families and presets by name. Each network is
 * one readable file; start with {@link dev.mixer4j.core.network.Mixer} or {@link
 * dev.mixer4j.core.network.LeNet5}.
 */
package dev.mixer4j.core.network;

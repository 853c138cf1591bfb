/**
 * The layers that networks are made of: dense layers, convolutions, normalization, MLP blocks.
 *
 * <p>Each is a record that implements {@link dev.mixer4j.core.layer.Layer}: it declares its
 * variables and adds its operations to a graph. Its description gives the shapes of input and
 * output.
 */
package dev.mixer4j.core.layer;

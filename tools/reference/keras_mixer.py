"""MLP-Mixer (arXiv 2105.01601) as a Keras 3 functional model, written from the paper, with the layer
names of keras_cv_attention_models (mlp_family/mlp_mixer.py) but an underscore for each slash, which
Keras 3 forbids there, and with its numerics: exact GELU, LayerNormalization's epsilon 1e-5.

A module for the scripts beside it; nothing to run.
"""
import keras
from keras import layers


def mlp(x, width, activation, dropout, name):
    """Dense - GELU - Dense over the last axis, back to the input's width."""
    hidden = layers.Dense(width, name=f"{name}_Dense_0")(x)
    if activation == "gelu_tanh":
        hidden = keras.ops.gelu(hidden, approximate=True)
    else:
        hidden = layers.Activation(activation, name=f"{name}_{activation}")(hidden)
    out = layers.Dense(x.shape[-1], name=f"{name}_Dense_1")(hidden)
    return layers.Dropout(dropout)(out) if dropout else out


def keras_mixer(geometry, epsilon=1e-5, activation="gelu", dropout=0.0):
    """The model of a mixers.Geometry: images [batch, height, width, 3] to logits [batch, classes]."""
    images = layers.Input((geometry.image_size, geometry.image_size, 3))
    x = layers.Conv2D(geometry.hidden_size, geometry.patch_size, strides=geometry.patch_size, name="stem")(images)
    x = layers.Reshape((geometry.tokens, geometry.hidden_size))(x)
    for i in range(geometry.blocks):
        name = f"MixerBlock_{i}"
        y = layers.LayerNormalization(epsilon=epsilon, name=f"{name}_LayerNorm_0")(x)
        y = layers.Permute((2, 1), name=f"{name}_permute_0")(y)
        y = mlp(y, geometry.tokens_mlp_size, activation, dropout, f"{name}_token_mixing")
        y = layers.Permute((2, 1), name=f"{name}_permute_1")(y)
        x = layers.Add(name=f"{name}_add_0")([y, x])
        y = layers.LayerNormalization(epsilon=epsilon, name=f"{name}_LayerNorm_1")(x)
        y = mlp(y, geometry.channels_mlp_size, activation, dropout, f"{name}_channel_mixing")
        x = layers.Add(name=f"{name}_output")([y, x])
    x = layers.LayerNormalization(epsilon=epsilon, name="pre_head_layer_norm")(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(images, layers.Dense(geometry.classes, name="head")(x))


def set_weights(model, flax_params):
    """Fills every layer from flat Flax parameters, which have the same layouts."""
    for layer in model.layers:
        if layer.weights:
            # MixerBlock_0_token_mixing_Dense_0 is MixerBlock_0/token_mixing/Dense_0.
            name = layer.name
            for part in ("token_mixing", "channel_mixing", "LayerNorm", "Dense"):
                name = name.replace(f"_{part}", f"/{part}")
            first = "scale" if f"{name}/scale" in flax_params else "kernel"
            layer.set_weights([flax_params[f"{name}/{first}"], flax_params[f"{name}/bias"]])

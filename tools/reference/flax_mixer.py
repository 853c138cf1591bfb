"""MLP-Mixer (arXiv 2105.01601) in Flax linen, written from the paper.

The parameter names, flattened with '/', are those of the checkpoints published for JAX
(stem/kernel, MixerBlock_0/token_mixing/Dense_0/kernel, ..., head/bias), so that a flat .npz of
this model's parameters has the layout of the published ones. GELU is JAX's default, the tanh
approximation; exact_gelu=True switches to the erf form, which only the scripts' own checks use.

A module for the scripts beside it; nothing to run.
"""
import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import unflatten_dict


class Mlp(nn.Module):
    """Dense - GELU - Dense over the last axis, back to the input's width."""

    width: int
    exact_gelu: bool = False

    @nn.compact
    def __call__(self, x):
        hidden = nn.gelu(nn.Dense(self.width)(x), approximate=not self.exact_gelu)
        return nn.Dense(x.shape[-1])(hidden)


class MixerBlock(nn.Module):
    """Token mixing, then channel mixing, each after a LayerNorm and with a skip connection."""

    tokens_mlp_size: int
    channels_mlp_size: int
    exact_gelu: bool = False

    @nn.compact
    def __call__(self, x):  # [batch, tokens, channels]
        across_tokens = Mlp(self.tokens_mlp_size, self.exact_gelu, name="token_mixing")
        across_channels = Mlp(self.channels_mlp_size, self.exact_gelu, name="channel_mixing")
        normed = nn.LayerNorm(epsilon=1e-6, name="LayerNorm_0")(x)
        x = x + jnp.swapaxes(across_tokens(jnp.swapaxes(normed, 1, 2)), 1, 2)
        return x + across_channels(nn.LayerNorm(epsilon=1e-6, name="LayerNorm_1")(x))


class FlaxMixer(nn.Module):
    """Images [batch, height, width, 3] to logits [batch, classes]."""

    patch_size: int
    hidden_size: int
    blocks: int
    tokens_mlp_size: int
    channels_mlp_size: int
    classes: int
    exact_gelu: bool = False

    @nn.compact
    def __call__(self, images):
        patch = (self.patch_size, self.patch_size)
        x = nn.Conv(self.hidden_size, patch, strides=patch, padding="VALID", name="stem")(images)
        x = x.reshape(x.shape[0], -1, self.hidden_size)
        for i in range(self.blocks):
            x = MixerBlock(self.tokens_mlp_size, self.channels_mlp_size, self.exact_gelu,
                           name=f"MixerBlock_{i}")(x)
        x = nn.LayerNorm(epsilon=1e-6, name="pre_head_layer_norm")(x)
        return nn.Dense(self.classes, name="head")(x.mean(axis=1))


def flax_model(geometry, exact_gelu=False):
    """The model of a mixers.Geometry."""
    config = dataclasses.asdict(geometry)
    del config["image_size"]
    return FlaxMixer(**config, exact_gelu=exact_gelu)


def flax_logits(geometry, flat_params, images, exact_gelu=False):
    """The logits of [N, H, W, 3] images as a numpy array."""
    params = {"params": unflatten_dict(flat_params, sep="/")}
    return np.asarray(flax_model(geometry, exact_gelu).apply(params, images))

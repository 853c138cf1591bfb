"""Makes the fixtures for the names of Mixer code that people copy: small Mixers with random weights.
Run: python make_name_fixtures.py [--out DIR]

NAME.x.npy are normalized images, [3, height, width, channels] float32, NAME.logits.npy the logits for them, NAME.pth or
NAME.weights.h5 the weights. The networks are timm's, with other names and the other code's epsilon; lucidrains', which
has another structure, is written here, and KerasFormers' in Keras.
"""
import argparse
import os
import pathlib

import numpy as np
import torch
from torch import nn

from networks import mixer

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "weight-import/src/test/resources/fixtures/names"

# For the parts of timm's names, in order; the first part that a name has is replaced.
TUTORIAL = {"stem.proj": "to_patch_embedding.0", "blocks.": "mixer_blocks.", "norm1": "token_mix.0",
            "mlp_tokens.fc1": "token_mix.2.net.0", "mlp_tokens.fc2": "token_mix.2.net.3", "norm2": "channel_mix.0",
            "mlp_channels.fc1": "channel_mix.1.net.0", "mlp_channels.fc2": "channel_mix.1.net.3",
            "norm.": "layer_norm.", "head": "mlp_head.0"}
JEONSWORLD = {"stem.proj": "stem", "blocks.": "layer.", "norm1": "pre_norm", "norm2": "post_norm",
              "mlp_tokens.fc1": "token_mlp_block.fc0", "mlp_tokens.fc2": "token_mlp_block.fc1",
              "mlp_channels.fc1": "channel_mlp_block.fc0", "mlp_channels.fc2": "channel_mlp_block.fc1",
              "norm.": "pre_head_ln."}
MMPRETRAIN = {"stem.proj": "backbone.patch_embed.projection", "blocks.": "backbone.layers.", "norm1": "ln1",
              "norm2": "ln2", "mlp_tokens.fc1": "token_mix.layers.0.0", "mlp_tokens.fc2": "token_mix.layers.1",
              "mlp_channels.fc1": "channel_mix.layers.0.0", "mlp_channels.fc2": "channel_mix.layers.1",
              "norm.": "backbone.ln1.", "head": "head.fc"}
OMIHUB777 = {"stem.proj": "patch_emb.0", "blocks.": "mixer_layers.", "norm1": "mlp1.ln", "norm2": "mlp2.ln",
             "mlp_tokens": "mlp1", "mlp_channels": "mlp2", "norm.": "ln.", "head": "clf"}


def described(patch, hidden, blocks, tokens_mlp, channels_mlp, epsilon):
    return {"patch_size": patch, "hidden_size": hidden, "blocks": blocks, "tokens_mlp_size": tokens_mlp,
            "channels_mlp_size": channels_mlp, "layer_norm_epsilon": epsilon}


# Image size, channels, classes, geometry and epsilon, names; each another geometry.
RENAMED = {
    "tutorial": (12, 3, 5, described(4, 10, 3, 7, 13, 1e-5), TUTORIAL),
    "jeonsworld": (16, 3, 4, described(4, 8, 2, 5, 9, 1e-6), JEONSWORLD),
    "mmpretrain": (15, 3, 6, described(5, 6, 11, 4, 8, 1e-5), MMPRETRAIN),
    "omihub777": (14, 1, 3, described(7, 9, 2, 6, 10, 1e-5), OMIHUB777),
}


class Patches(nn.Module):
    """From images to [batch, patches, height * width * channels of a patch]."""

    def __init__(self, patch):
        super().__init__()
        self.patch = patch

    def forward(self, x):
        x = x.unfold(2, self.patch, self.patch).unfold(3, self.patch, self.patch)  # batch, c, h, w, p1, p2
        return x.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


class Residual(nn.Module):
    def __init__(self, dim, layer, size, width):
        super().__init__()
        self.fn = nn.Sequential(layer(size, width), nn.GELU(), nn.Dropout(0), layer(width, size), nn.Dropout(0))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return x + self.fn(self.norm(x))


def lucidrains(size, channels, classes, patch, dim, depth, tokens_mlp, channels_mlp):
    tokens = (size // patch) ** 2
    blocks = [nn.Sequential(Residual(dim, lambda i, o: nn.Conv1d(i, o, 1), tokens, tokens_mlp),
                            Residual(dim, nn.Linear, dim, channels_mlp)) for _ in range(depth)]
    return nn.Sequential(Patches(patch), nn.Linear(patch * patch * channels, dim), *blocks, nn.LayerNorm(dim), Mean(),
                         nn.Linear(dim, classes))


LUCIDRAINS = {"lucidrains": (12, 3, 5, 4, 10, 4, 7, 13), "lucidrains_gray": (28, 1, 4, 7, 8, 2, 6, 5)}


def randomize(network, seed):
    generator = torch.Generator().manual_seed(seed)
    for tensor in network.state_dict().values():
        tensor.normal_(0, 0.4, generator=generator)
    return network.eval()


def renamed(name, names):
    for part, other in names.items():
        if part == "norm." and not name.startswith(part):
            continue
        name = name.replace(part, other, 1)
    return name


def save(out, name, network, state, size, channels, seed):
    images = np.random.default_rng(seed).standard_normal((3, size, size, channels)).astype(np.float32)
    np.save(out / f"{name}.x.npy", images)
    with torch.no_grad():
        np.save(out / f"{name}.logits.npy", network(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy())
    torch.save(state, out / f"{name}.pth")


def kerasformers(out):
    """The layers' names and order of kerasformers/models/mlp_mixer, with Keras's own layers."""
    import keras
    from keras import layers
    size, patch, dim, depth, tokens_mlp, channels_mlp, classes, tokens = 12, 4, 10, 2, 7, 13, 5, 9
    keras.utils.set_random_seed(7)
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(dim, patch, patch, name="stem_conv")(inputs)
    x = layers.Reshape((tokens, dim))(x)
    for i in range(depth):
        y = layers.LayerNormalization(epsilon=1e-6, name=f"blocks_{i}_layernorm_1")(x)
        y = layers.Dense(tokens_mlp, name=f"blocks_{i}_dense_1")(layers.Permute((2, 1))(y))
        y = layers.Dense(tokens, name=f"blocks_{i}_dense_2")(layers.Activation("gelu")(y))
        x = layers.Add()([x, layers.Permute((2, 1))(y)])
        y = layers.LayerNormalization(epsilon=1e-6, name=f"blocks_{i}_layernorm_2")(x)
        y = layers.Dense(channels_mlp, name=f"blocks_{i}_dense_3")(y)
        y = layers.Dense(dim, name=f"blocks_{i}_dense_4")(layers.Activation("gelu")(y))
        x = layers.Add()([x, y])
    x = layers.LayerNormalization(epsilon=1e-6, name="final_layernorm")(x)
    x = layers.Dense(classes, name="predictions")(keras.ops.mean(x, axis=1))
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(7)
    model.set_weights([rng.normal(0, 0.4, weight.shape) for weight in model.get_weights()])
    images = rng.standard_normal((3, size, size, 3)).astype(np.float32)
    np.save(out / "kerasformers.x.npy", images)
    np.save(out / "kerasformers.logits.npy", model(images).numpy())
    model.save_weights(out / "kerasformers.weights.h5")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for seed, (name, (size, channels, classes, geometry, names)) in enumerate(RENAMED.items()):
        network = randomize(mixer(size, channels, classes, geometry), seed)
        state = {renamed(key, names): tensor for key, tensor in network.state_dict().items()}
        if name == "omihub777":  # Conv1d of kernel 1
            state = {key: tensor[..., None] if "mlp1.fc" in key and key.endswith("weight") else tensor
                     for key, tensor in state.items()}
        save(out, name, network, state, size, channels, seed)
    for seed, (name, geometry) in enumerate(LUCIDRAINS.items(), len(RENAMED)):
        network = randomize(lucidrains(*geometry), seed)
        save(out, name, network, network.state_dict(), geometry[0], geometry[1], seed)
    kerasformers(out)


if __name__ == "__main__":
    main()

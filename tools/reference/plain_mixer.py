"""A Mixer in plain PyTorch, with timm's parameter names, for machines that have PyTorch and no timm.

A module for bench_torch.py. By itself, where timm is there, it checks that both give the same logits:
python plain_mixer.py
"""
import dataclasses

import numpy as np
import torch
from torch import nn


@dataclasses.dataclass(frozen=True)
class Geometry:
    patch_size: int
    hidden_size: int
    blocks: int
    tokens: int
    tokens_mlp_size: int
    channels_mlp_size: int
    classes: int


def geometry_of(params):
    """The geometry of Flax's flat parameters, read off the shapes."""
    patch, _, _, hidden = params["stem/kernel"].shape
    tokens, tokens_mlp = params["MixerBlock_0/token_mixing/Dense_0/kernel"].shape
    channels_mlp = params["MixerBlock_0/channel_mixing/Dense_0/kernel"].shape[1]
    blocks = sum(name.endswith("/token_mixing/Dense_0/kernel") for name in params)
    return Geometry(patch, hidden, blocks, tokens, tokens_mlp, channels_mlp, params["head/kernel"].shape[1])


class Stem(nn.Module):
    def __init__(self, patch_size, hidden_size):
        super().__init__()
        self.proj = nn.Conv2d(3, hidden_size, patch_size, stride=patch_size)

    def forward(self, images):
        return self.proj(images).flatten(2).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, outer, inner):
        super().__init__()
        self.fc1 = nn.Linear(outer, inner)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(inner, outer)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, g):
        super().__init__()
        self.norm1 = nn.LayerNorm(g.hidden_size, eps=1e-6)
        self.mlp_tokens = Mlp(g.tokens, g.tokens_mlp_size)
        self.norm2 = nn.LayerNorm(g.hidden_size, eps=1e-6)
        self.mlp_channels = Mlp(g.hidden_size, g.channels_mlp_size)

    def forward(self, x):
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class PlainMixer(nn.Module):
    def __init__(self, g):
        super().__init__()
        self.stem = Stem(g.patch_size, g.hidden_size)
        self.blocks = nn.Sequential(*(Block(g) for _ in range(g.blocks)))
        self.norm = nn.LayerNorm(g.hidden_size, eps=1e-6)
        self.head = nn.Linear(g.hidden_size, g.classes)

    def forward(self, images):
        return self.head(self.norm(self.blocks(self.stem(images))).mean(dim=1))


def plain_mixer(params):
    """The model with Flax's flat parameters in it."""
    g = geometry_of(params)
    state = {"stem.proj.weight": params["stem/kernel"].transpose(3, 2, 0, 1),
             "stem.proj.bias": params["stem/bias"]}

    def norm(ours, theirs):
        state[f"{ours}.weight"], state[f"{ours}.bias"] = params[f"{theirs}/scale"], params[f"{theirs}/bias"]

    def dense(ours, theirs):
        state[f"{ours}.weight"], state[f"{ours}.bias"] = params[f"{theirs}/kernel"].T, params[f"{theirs}/bias"]

    for i in range(g.blocks):
        for number, mlp, mixing in ((1, "mlp_tokens", "token_mixing"), (2, "mlp_channels", "channel_mixing")):
            norm(f"blocks.{i}.norm{number}", f"MixerBlock_{i}/LayerNorm_{number - 1}")
            for j in (1, 2):
                dense(f"blocks.{i}.{mlp}.fc{j}", f"MixerBlock_{i}/{mixing}/Dense_{j - 1}")
    norm("norm", "pre_head_layer_norm")
    dense("head", "head")
    model = PlainMixer(g)
    model.load_state_dict({name: torch.from_numpy(np.array(value, order="C")) for name, value in state.items()})
    return model


def check():
    from mixers import paper_geometry, random_flax_params, timm_geometry, timm_logits, timm_mixer, to_timm
    rng = np.random.default_rng(1)
    for name in ("S/32", "B/16"):
        params = random_flax_params(paper_geometry(name), rng)
        state = to_timm(params)
        theirs = timm_mixer(timm_geometry(state))
        theirs.load_state_dict(state)
        ours = plain_mixer(params)
        if ours.state_dict().keys() != theirs.state_dict().keys():
            raise SystemExit(f"{name}: the parameters' names differ from timm's")
        images = rng.standard_normal((2, 224, 224, 3), dtype=np.float32)
        expected = timm_logits(theirs, images)
        difference = np.abs(timm_logits(ours, images) - expected).max() / np.abs(expected).max()
        print(f"{name}: logits differ from timm's by {difference:.1e} of the largest")
        if not difference <= 1e-6:
            raise SystemExit(1)


if __name__ == "__main__":
    check()

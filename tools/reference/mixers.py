"""What the reference scripts share: a Mixer's geometry, its random weights, timm's model of it and
the renaming from Flax's parameters to timm's.

A module for the scripts beside it; nothing to run.
"""
import dataclasses

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from timm.models.mlp_mixer import MlpMixer


@dataclasses.dataclass(frozen=True)
class Geometry:
    image_size: int
    patch_size: int
    hidden_size: int
    blocks: int
    tokens_mlp_size: int
    channels_mlp_size: int
    classes: int

    @property
    def tokens(self):
        return (self.image_size // self.patch_size) ** 2


def paper_geometry(name, classes=1000, image_size=224):
    """A model of the paper's Table 1 by its short name, such as 'B/16'."""
    size, patch = name.split("/")
    hidden, blocks = {"S": (512, 8), "B": (768, 12), "L": (1024, 24), "H": (1280, 32)}[size]
    return Geometry(image_size, int(patch), hidden, blocks, hidden // 2, 4 * hidden, classes)


def timm_mixer(geometry):
    """timm's MlpMixer of a geometry; classes 0 makes one without a head."""
    hidden = geometry.hidden_size
    # timm takes the widths as ratios and rounds the products down, hence the half.
    ratios = ((geometry.tokens_mlp_size + 0.5) / hidden, (geometry.channels_mlp_size + 0.5) / hidden)
    return MlpMixer(num_classes=geometry.classes, img_size=geometry.image_size,
                    patch_size=geometry.patch_size, num_blocks=geometry.blocks, embed_dim=hidden,
                    mlp_ratio=ratios)


def flax_shapes(geometry):
    """The shapes of the Flax model's parameters, by flat name."""
    hidden, patch = geometry.hidden_size, geometry.patch_size
    shapes = {"stem/kernel": (patch, patch, 3, hidden), "stem/bias": (hidden,)}
    for i in range(geometry.blocks):
        for mixing, outer, inner in (
                ("token_mixing", geometry.tokens, geometry.tokens_mlp_size),
                ("channel_mixing", hidden, geometry.channels_mlp_size)):
            for dense, rows, columns in (("Dense_0", outer, inner), ("Dense_1", inner, outer)):
                shapes[f"MixerBlock_{i}/{mixing}/{dense}/kernel"] = (rows, columns)
                shapes[f"MixerBlock_{i}/{mixing}/{dense}/bias"] = (columns,)
        for norm in ("LayerNorm_0", "LayerNorm_1"):
            shapes[f"MixerBlock_{i}/{norm}/scale"] = shapes[f"MixerBlock_{i}/{norm}/bias"] = (hidden,)
    shapes["pre_head_layer_norm/scale"] = shapes["pre_head_layer_norm/bias"] = (hidden,)
    shapes["head/kernel"] = (hidden, geometry.classes)
    shapes["head/bias"] = (geometry.classes,)
    return shapes


def random_flax_params(geometry, rng):
    """Random weights, flat, at a scale where every tensor changes the logits noticeably."""
    params = {}
    for name, shape in sorted(flax_shapes(geometry).items()):
        values = rng.standard_normal(shape, dtype=np.float32)
        if name.endswith("/kernel"):
            values /= np.sqrt(np.prod(shape[:-1], dtype=np.float32))
        elif name.endswith("/scale"):
            values = 1 + 0.25 * values
        else:
            values *= 0.25
        params[name] = values.astype(np.float32)
    return params


def to_timm(flax_params):
    """Flat Flax parameters as timm's state_dict: new names, and kernels turned to [out, in, ...]."""
    exact = {"stem": "stem.proj", "pre_head_layer_norm": "norm", "head": "head"}
    parts = {"LayerNorm_0": "norm1", "LayerNorm_1": "norm2", "token_mixing": "mlp_tokens",
             "channel_mixing": "mlp_channels", "Dense_0": "fc1", "Dense_1": "fc2"}
    state = {}
    for name, value in flax_params.items():
        module, kind = name.rsplit("/", 1)
        if module in exact:
            module = exact[module]
        else:
            block, *rest = module.split("/")
            module = ".".join(["blocks", block.removeprefix("MixerBlock_")] + [parts[p] for p in rest])
        if kind == "kernel":
            value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
        suffix = "bias" if kind == "bias" else "weight"
        state[f"{module}.{suffix}"] = torch.from_numpy(np.array(value, order="C"))
    return state


def timm_geometry(state):
    """The geometry of a timm-named state_dict, read off the shapes; the image is square."""
    blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks."))
    hidden, _, patch, _ = state["stem.proj.weight"].shape
    tokens_mlp, tokens = state["blocks.0.mlp_tokens.fc1.weight"].shape
    channels_mlp = state["blocks.0.mlp_channels.fc1.weight"].shape[0]
    classes = state["head.weight"].shape[0] if "head.weight" in state else 0
    side = round(tokens ** 0.5)
    if side * side != tokens:
        raise ValueError(f"{tokens} tokens do not make a square image")
    return Geometry(side * patch, patch, hidden, blocks, tokens_mlp, channels_mlp, classes)


def load_state(path):
    """A timm-named state_dict from a .safetensors or .pth file."""
    if str(path).endswith(".safetensors"):
        return load_file(str(path))
    return torch.load(path, map_location="cpu", weights_only=True)


def load_metadata(path):
    """The texts in a .safetensors file's header: import-weights writes mixer4j.gelu, .mean and .std."""
    if not str(path).endswith(".safetensors"):
        return {}
    with safe_open(str(path), "pt") as file:
        return file.metadata() or {}


def timm_logits(model, images):
    """The logits of [N, H, W, 3] images as a numpy array."""
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()).numpy()

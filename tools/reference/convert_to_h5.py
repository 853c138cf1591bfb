"""The Python way to convert a Mixer checkpoint to HDF5, which tools/benchmark import is measured against:
load with the format's own library, rename and transpose, write with h5py.
Run: python convert_to_h5.py SOURCE TARGET.h5     (SOURCE: .npz with Flax's names; .pth, .safetensors with timm's)
"""
import argparse
import re

import h5py
import numpy as np

RENAMES = [
    (r"stem\.proj\.weight", "stem/kernel"), (r"stem\.proj\.bias", "stem/bias"),
    (r"norm\.weight", "pre_head_layer_norm/scale"), (r"norm\.bias", "pre_head_layer_norm/bias"),
    (r"head\.weight", "head/kernel"), (r"head\.bias", "head/bias"),
    (r"blocks\.(\d+)\.norm(\d)\.weight", lambda m: f"MixerBlock_{m[1]}/LayerNorm_{int(m[2]) - 1}/scale"),
    (r"blocks\.(\d+)\.norm(\d)\.bias", lambda m: f"MixerBlock_{m[1]}/LayerNorm_{int(m[2]) - 1}/bias"),
    (r"blocks\.(\d+)\.mlp_(token|channel)s\.fc(\d)\.weight",
     lambda m: f"MixerBlock_{m[1]}/{m[2]}_mixing/Dense_{int(m[3]) - 1}/kernel"),
    (r"blocks\.(\d+)\.mlp_(token|channel)s\.fc(\d)\.bias",
     lambda m: f"MixerBlock_{m[1]}/{m[2]}_mixing/Dense_{int(m[3]) - 1}/bias"),
]


def flax_name(name):
    for pattern, replacement in RENAMES:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    raise KeyError(name)


def tensors(path):
    """Yields each tensor under its Flax name and in Flax's layout."""
    if path.endswith(".npz"):
        with np.load(path) as archive:
            for name in archive.files:
                yield name, archive[name]
        return
    if path.endswith(".safetensors"):
        from safetensors.numpy import load_file
        state = load_file(path)
    else:
        import torch
        state = {name: value.numpy() for name, value in
                 torch.load(path, map_location="cpu", weights_only=True).items()}
    for name, value in state.items():
        if name == "stem.proj.weight":
            value = value.transpose(2, 3, 1, 0)
        elif value.ndim == 2:
            value = value.T
        yield flax_name(name), value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    args = parser.parse_args()
    with h5py.File(args.target, "w") as out:
        for name, value in tensors(args.source):
            out.create_dataset(name, data=value)


if __name__ == "__main__":
    main()

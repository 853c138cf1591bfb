"""Checks a Mixer's file that import-weights wrote with h5py, against the checkpoint that it was made from:
every attribute has the type that a Python program expects, every dataset is float32, and every
tensor has the source's numbers. Run: python check_h5.py FILE.h5 SOURCE

SOURCE is a .npz with Flax's names, or a .safetensors or .pth with timm's.
"""
import argparse
import hashlib
import json
import pathlib

import h5py
import numpy as np

from mixers import load_state, to_timm


def read_tensors(file):
    """All datasets by path."""
    tensors = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            assert item.dtype == np.float32 and item.chunks is None, (name, item.dtype, item.chunks)
            tensors[name] = item[()]

    file.visititems(visit)
    return tensors


def check_attributes(attributes, tensors, source):
    required = {"format_version": np.integer, "network": str, "source_format": str, "source_sha256": str}
    for name, kind in required.items():
        assert isinstance(attributes[name], kind), (name, type(attributes[name]))
        print(f"  {name}: {attributes[name]}")
    names = list(attributes.get("class_names", []))
    assert all(isinstance(name, str) for name in names)
    assert set(attributes) - {"class_names", "transform"} == set(required)

    assert attributes["format_version"] == 2
    network = json.loads(attributes["network"])
    assert network["family"] == "mixer" and network["gelu"] in ("erf", "tanh"), network
    patch, _, channels, _ = tensors["stem/kernel"].shape
    tokens = tensors["MixerBlock_0/token_mixing/Dense_0/kernel"].shape[0]
    image = network["input"]
    assert network["patch_size"] == patch and image["channels"] == channels
    assert (image["height"] // patch) * (image["width"] // patch) == tokens
    assert len(image["mean"]) == len(image["std"]) == channels
    assert attributes["source_format"] == source.suffix[1:]
    assert attributes["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()


def check_tensors(tensors, source):
    """Bit for bit, in the source's own names and layouts."""
    if source.suffix == ".npz":
        expected = dict(np.load(source))
        found = tensors
    else:
        expected = {name: value.numpy() for name, value in load_state(source).items()}
        found = {name: value.numpy() for name, value in to_timm(tensors).items()}
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value.astype(np.float32), name, strict=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("h5", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    args = parser.parse_args()
    with h5py.File(args.h5, "r") as file:
        tensors = read_tensors(file)
        check_attributes(file.attrs, tensors, args.source)
    check_tensors(tensors, args.source)
    print(f"{args.h5}: {len(tensors)} tensors, {sum(t.size for t in tensors.values())} numbers, as in {args.source}")


if __name__ == "__main__":
    main()

"""Makes the fixtures of files as people have them: one tiny Mixer, wrapped by training scripts, beside other tensors, under
one framework's names in another's container, and files that are something else.
Run: python make_wrapped_fixtures.py [--out DIR]

plain.safetensors has the network's tensors; all read/* hold the same. refused/* are refused. head/* lack a head that is known.
"""
import argparse
import collections
import gzip
import pathlib
import pickle
import shutil

import numpy as np
import torch
from safetensors.torch import save_file

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "weight-import/src/test/resources/fixtures/wrapped"
HIDDEN, TOKENS, TOKENS_MLP, CHANNELS_MLP, PATCH, CLASSES = 3, 4, 2, 5, 2, 2


def timm_state(rng):
    def tensor(*shape):
        return torch.from_numpy(rng.normal(size=shape).astype(np.float32))
    state = {"stem.proj.weight": tensor(HIDDEN, 3, PATCH, PATCH), "stem.proj.bias": tensor(HIDDEN)}
    for name, shape in {"norm1": None, "mlp_tokens": (TOKENS, TOKENS_MLP), "norm2": None,
                        "mlp_channels": (HIDDEN, CHANNELS_MLP)}.items():
        if shape is None:
            state |= {f"blocks.0.{name}.weight": tensor(HIDDEN), f"blocks.0.{name}.bias": tensor(HIDDEN)}
        else:
            size, width = shape
            state |= {f"blocks.0.{name}.fc1.weight": tensor(width, size), f"blocks.0.{name}.fc1.bias": tensor(width),
                      f"blocks.0.{name}.fc2.weight": tensor(size, width), f"blocks.0.{name}.fc2.bias": tensor(size)}
    return state | {"norm.weight": tensor(HIDDEN), "norm.bias": tensor(HIDDEN), "head.weight": tensor(CLASSES, HIDDEN),
                    "head.bias": tensor(CLASSES)}


def flax_state(state):
    parts = {"stem.proj": "stem", "blocks.0.norm1": "MixerBlock_0/LayerNorm_0", "blocks.0.norm2": "MixerBlock_0/LayerNorm_1",
             "blocks.0.mlp_tokens.fc1": "MixerBlock_0/token_mixing/Dense_0",
             "blocks.0.mlp_tokens.fc2": "MixerBlock_0/token_mixing/Dense_1",
             "blocks.0.mlp_channels.fc1": "MixerBlock_0/channel_mixing/Dense_0",
             "blocks.0.mlp_channels.fc2": "MixerBlock_0/channel_mixing/Dense_1", "norm": "pre_head_layer_norm", "head": "head"}
    flax = {}
    for name, value in state.items():
        layer, kind = name.rsplit(".", 1)
        if kind == "weight":
            kind = "scale" if value.ndim == 1 else "kernel"
        if value.ndim == 4:
            value = value.permute(2, 3, 1, 0)
        flax[f"{parts[layer]}/{kind}"] = (value.T if value.ndim == 2 else value).contiguous()
    return flax


def prefixed(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("read", "refused", "head"):
        (out / folder).mkdir(parents=True)
    state = timm_state(np.random.default_rng(1))
    flax = flax_state(state)
    save_file(state, out / "plain.safetensors")
    numpy = {name: value.numpy() for name, value in state.items()}

    wrapped = {
        "net": {"net": state, "acc": 91.5, "epoch": 3},
        "module": {"epoch": 1, "module": state, "optimizer": {"state": {0: {"step": 5, "exp_avg": torch.zeros(2)}},
                                                              "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999)}]}},
        "two_levels": {"state_dict": {"model": state}},
        "counter": {"state_dict": state, "milestones": collections.Counter({3: 1})},
        "size_device_dtype": {"state_dict": state, "size": torch.Size([3, 4]), "device": torch.device("cpu"),
                              "dtype": torch.float16, "layout": torch.strided},
        "set_complex_bytes": {"state_dict": state, "seen": {1, 2}, "c": 1 + 2j, "raw": bytearray(b"abc"), "b": b"abc"},
        "parameter": {name: torch.nn.Parameter(value) for name, value in state.items()},
        "number_beside": state | {"epoch": 3},
        "loss_weights": prefixed("model.", state) | {"criterion.weight": torch.ones(2), "acc.tp": torch.zeros(2)},
        "flax_names": flax,
    }
    for name, content in wrapped.items():
        torch.save(content, out / f"read/{name}.pth")
    save_file({name.replace("/", "."): value for name, value in flax.items()}, out / "read/flax_dots.safetensors")
    save_file(flax, out / "read/flax_slashes.safetensors")
    np.savez(out / "read/timm_names.npz", **numpy)
    (out / "read/numpy.pkl").write_bytes(pickle.dumps(numpy, 4))

    torch.save({"generator": state, "other": state}, out / "refused/two_entries.pth")
    torch.save(prefixed("model.", state) | prefixed("ema.module.", state), out / "refused/two_prefixes.pth")
    (out / "refused/pointer.safetensors").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1234\n")
    (out / "refused/page.pth").write_text("\n<!DOCTYPE html>\n<html><body>Sign in</body></html>")
    (out / "refused/packed.pth").write_bytes(gzip.compress(b"x", mtime=0))
    np.save(out / "refused/array.npy", np.zeros(3))
    (out / "refused/network.json").write_text('{"class_name": "Functional", "config": {}}')
    (out / "refused/flax.msgpack").write_bytes(b"\x85\xa4stem\x82\xa6kernel\xc8\x12\x11")
    (out / "refused/graph.onnx").write_bytes(b"\x08\x09\x12\x07pytorch\x1a\x062.13.0")

    headless = {name: value for name, value in state.items() if not name.startswith("head")}
    head = {"weight": state["head.weight"], "bias": state["head.bias"]}
    torch.save(headless | prefixed("head.1.", head), out / "head/sequence.pth")
    torch.save(prefixed("backbone.", headless) | prefixed("head.", head), out / "head/outside.pth")
    torch.save(headless | prefixed("classifier.", head), out / "head/classifier.pth")


if __name__ == "__main__":
    main()

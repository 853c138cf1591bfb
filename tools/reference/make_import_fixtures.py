"""Makes the fixtures that weight-import's tests read: small random Mixers as a JAX-style .npz, a
PyTorch .pth and a .safetensors file, each with inputs and the logits that Flax and timm compute,
and .pth files that are unusual or hostile. Run: python make_import_fixtures.py [--out DIR]

NAME.npz, NAME.pth and NAME.safetensors hold the same weights; NAME.flax.npy (GELU by tanh) and
NAME.timm.npy (GELU by erf) are the logits of NAME.x.npy.
"""
import argparse
import collections
import dataclasses
import json
import os
import pathlib

import jax
import numpy as np
import torch
from flax.traverse_util import flatten_dict
from safetensors.torch import save_file

from flax_mixer import flax_logits, flax_model
from mixers import Geometry, flax_shapes, load_state, random_flax_params, timm_geometry, timm_logits, \
    timm_mixer, to_timm

GEOMETRIES = {
    "narrow": Geometry(image_size=24, patch_size=8, hidden_size=20, blocks=2, tokens_mlp_size=14,
                       channels_mlp_size=36, classes=7),
    # Every dense kernel is 16 x 16: only the names tell what to transpose.
    "square": Geometry(image_size=16, patch_size=4, hidden_size=16, blocks=3, tokens_mlp_size=16,
                       channels_mlp_size=16, classes=16),
    # Block 10 sorts before block 2 by name, and the token MLP is the wider one.
    "deep": Geometry(image_size=12, patch_size=2, hidden_size=12, blocks=11, tokens_mlp_size=30,
                     channels_mlp_size=18, classes=3),
}
DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "weight-import/src/test/resources/fixtures"


class Call:
    """Pickles as a call of a function, which an unsafe reader makes."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


def check_names(geometry):
    """The Flax model itself must have exactly the parameters that we make up values for."""
    image = np.zeros((1, geometry.image_size, geometry.image_size, 3), np.float32)
    made = jax.eval_shape(flax_model(geometry).init, jax.random.key(0), image)
    flat = flatten_dict(made["params"], sep="/")
    assert {name: value.shape for name, value in flat.items()} == flax_shapes(geometry)


def check_close(what, a, b, limit=1e-5):
    worst = float(np.abs(a - b).max())
    print(f"  {what}: largest difference {worst:.2e}")
    assert worst < limit, what


def check_every_tensor_matters(state, geometry, images, expected):
    """Scaling any tensor must move the logits, except the one bias that LayerNorm cancels."""
    model = timm_mixer(geometry)
    for name in state:
        model.load_state_dict({**state, name: state[name] * 0.5})
        moved = float(np.abs(timm_logits(model, images) - expected).max())
        assert moved > 1e-3 or name.endswith("mlp_tokens.fc2.bias"), (name, moved)


def make_model(out, name, geometry, seed):
    print(name, geometry)
    rng = np.random.default_rng(seed)
    check_names(geometry)
    params = random_flax_params(geometry, rng)
    images = rng.standard_normal((3, geometry.image_size, geometry.image_size, 3), dtype=np.float32)
    state = to_timm(params)
    model = timm_mixer(geometry)
    model.load_state_dict(state)
    by_timm, by_flax = timm_logits(model, images), flax_logits(geometry, params, images)

    (out / f"{name}.json").write_text(json.dumps(dataclasses.asdict(geometry), indent=2) + "\n")
    np.savez(out / f"{name}.npz", **params)
    torch.save(model.state_dict(), out / f"{name}.pth")
    save_file(model.state_dict(), out / f"{name}.safetensors", {"format": "pt"})
    np.save(out / f"{name}.x.npy", images)
    np.save(out / f"{name}.flax.npy", by_flax)
    np.save(out / f"{name}.timm.npy", by_timm)

    for suffix in (".pth", ".safetensors"):
        back = load_state(out / f"{name}{suffix}")
        assert timm_geometry(back) == geometry
        model.load_state_dict(back)
        check_close(f"timm from {suffix} again", timm_logits(model, images), by_timm, 1e-6)
    back = dict(np.load(out / f"{name}.npz"))
    check_close("Flax from .npz with erf GELU against timm", flax_logits(geometry, back, images, True), by_timm)
    check_close("Flax from .npz again", flax_logits(geometry, back, images), by_flax, 1e-6)
    print(f"  tanh against erf: {np.abs(by_flax - by_timm).max():.2e}; logits' std {by_timm.std():.2f}")
    check_every_tensor_matters(state, geometry, images, by_timm)
    return params, state, images


def as_views(state):
    """The same tensors as transposed views, and all the biases as slices of one storage."""
    views = collections.OrderedDict()
    biases = torch.cat([torch.zeros(5)] + [value for name, value in state.items() if name.endswith(".bias")])
    start = 5
    for name, value in state.items():
        if name.endswith(".bias"):
            views[name] = biases[start:start + len(value)]
            start += len(value)
        elif value.ndim == 2:
            views[name] = value.t().contiguous().t()
        elif value.ndim == 4:
            views[name] = value.contiguous(memory_format=torch.channels_last)
        else:
            views[name] = value
    return views


def make_unusual(out, geometry, params, state, images):
    """Legal files that a plain state_dict would not have exercised, all with the first model's weights."""
    np.savez_compressed(out / "narrow.compressed.npz", **params)
    unusual = {
        "pth_plain_dict": dict(state),
        "pth_parameters": collections.OrderedDict(
            (name, torch.nn.Parameter(value)) for name, value in state.items()),
        "pth_views": as_views(state),
    }
    model = timm_mixer(geometry)
    for name, saved in unusual.items():
        torch.save(saved, out / f"{name}.pth")
        model.load_state_dict(load_state(out / f"{name}.pth"))
        check_close(name, timm_logits(model, images), np.load(out / "narrow.timm.npy"), 1e-6)

    headless = dataclasses.replace(geometry, classes=0)
    model = timm_mixer(headless)
    model.load_state_dict({name: value for name, value in state.items() if not name.startswith("head.")})
    (out / "nohead.json").write_text(json.dumps(dataclasses.asdict(headless), indent=2) + "\n")
    torch.save(model.state_dict(), out / "nohead.pth")
    np.save(out / "nohead.x.npy", images)
    features = timm_logits(model, images)
    np.save(out / "nohead.timm.npy", features)
    logits = features @ params["head/kernel"] + params["head/bias"]
    check_close("nohead", logits, np.load(out / "narrow.timm.npy"))


def make_hostile(out, state):
    """Whole state_dicts with one entry more, whose pickle calls a function when it is read."""
    calls = {"hostile_os_system": Call(os.system, "echo pwned"),
             "hostile_eval": Call(eval, "__import__('os').system('echo pwned')")}
    for name, call in calls.items():
        torch.save(collections.OrderedDict(state, extra=call), out / f"{name}.pth")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    made = [make_model(out, name, geometry, seed) for seed, (name, geometry) in enumerate(GEOMETRIES.items())]
    make_unusual(out, GEOMETRIES["narrow"], *made[0])
    make_hostile(out, made[0][1])
    print(f"{sum(file.stat().st_size for file in out.iterdir() if file.is_file())} bytes in {out.name}/")


if __name__ == "__main__":
    main()

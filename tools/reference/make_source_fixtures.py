"""Makes the fixtures for the less usual sources: PyTorch's legacy stream and wrapped checkpoints,
sharded safetensors, Keras's and Paddle's files, other dtypes. Run it after make_import_fixtures.py:
python make_source_fixtures.py [--out DIR]

All hold the weights of narrow.npz (those named square*, of square.npz) in FIXTURES/sources. What
their owners compute from them is in NAME.npy; what is left of them in float16 and bfloat16 is in
half.expected.npz and bfloat16.expected.npz.
"""
import argparse
import collections
import os
import pathlib
import pickle
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import ml_dtypes
import numpy as np
import torch
from flax.traverse_util import flatten_dict, unflatten_dict
from huggingface_hub import save_torch_state_dict
from keras.src.legacy.saving import legacy_h5_format
from safetensors.torch import save_file
from timm.models import load_state_dict

from keras_mixer import keras_mixer, set_weights
from make_import_fixtures import DEFAULT_OUT, GEOMETRIES, Call, check_close
from mixers import timm_logits, timm_mixer, to_timm


def check_timm(path, expected, allow_pickle=False):
    """timm's own loader must take the same tensors from the file."""
    loaded = load_state_dict(str(path), weights_only=not allow_pickle)
    assert set(loaded) == set(expected), path
    for name, value in loaded.items():
        assert torch.equal(value.detach().float(), expected[name].float()), (path, name)


def prefixed(prefix, state):
    return collections.OrderedDict((prefix + name, value) for name, value in state.items())


def make_torch(out, state):
    legacy = {"_use_new_zipfile_serialization": False}
    torch.save(state, out / "legacy.pth", **legacy)
    check_timm(out / "legacy.pth", state)
    views = collections.OrderedDict()
    flat = torch.cat([value.flatten() for value in state.values()])
    start = 0
    for name, value in state.items():  # one storage for all, and every matrix a transposed view
        part = flat[start:start + value.numel()]
        start += value.numel()
        views[name] = part.view(value.shape)
        if value.ndim == 2:
            part.copy_(value.t().flatten())
            views[name] = part.view(value.t().shape).t()
    torch.save(views, out / "legacy_views.pth", **legacy)
    check_timm(out / "legacy_views.pth", state)
    torch.save(views, out / "one_storage.pth")
    for dtype in ("half", "bfloat16", "double"):
        converted = {name: getattr(value, dtype)() for name, value in state.items()}
        torch.save(converted, out / f"{dtype}.pth", **(legacy if dtype == "bfloat16" else {}))
        save_file(converted, out / f"{dtype}.safetensors")

    other = collections.OrderedDict((name, torch.zeros_like(value)) for name, value in state.items())
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    rest = {"epoch": 7, "arch": "mixer", "optimizer": optimizer.state_dict(), "version": 2, "metric": 71.25,
            "args": {"lr": 1e-3, "aug": ["a", None], "betas": (0.9, 0.999), "amp": True}}
    wrapped = {
        "state_dict_ema": {**rest, "state_dict": other, "model": other, "state_dict_ema": state},
        "model_ema": {"model_ema": state, **rest, "model": other, "state_dict_ema": None},
        "state_dict": {**rest, "state_dict": prefixed("module.", state), "model": other},
        "model": {"model": prefixed("_orig_mod.", state), "scaler": {}},
    }
    for name, checkpoint in wrapped.items():
        torch.save(checkpoint, out / f"wrapped_{name}.pth", **(legacy if name == "model" else {}))
        check_timm(out / f"wrapped_{name}.pth", state)
    torch.save({"state_dict": prefixed("model.module._orig_mod.", state), "hyper_parameters": {"lr": 0.1}},
               out / "lightning.ckpt")
    save_file(prefixed("module.", state), out / "module.safetensors")
    torch.save({"state_dict": {}, "args": argparse.Namespace(lr=0.1)}, out / "hostile_namespace.pth")


def make_sharded(out, state):
    folder = out / "sharded"
    folder.mkdir(exist_ok=True)
    save_torch_state_dict(dict(state), folder, max_shard_size=12_000, metadata={"format": "pt", "note": "split"})
    print(" ", sorted(file.name for file in folder.iterdir()))


def make_npz(out, params):
    for name, dtype in (("half", np.float16), ("bfloat16", ml_dtypes.bfloat16), ("double", np.float64)):
        np.savez(out / f"{name}.npz", **{key: value.astype(dtype) for key, value in params.items()})
        if dtype != np.float64:
            np.savez_compressed(out / f"{name}.expected.npz",
                                **{key: value.astype(dtype).astype(np.float32) for key, value in params.items()})
    tree = unflatten_dict(params, sep="/")
    few = {"stem": {"kernel": np.zeros((2, 2, 3, 4), np.float32)}, "head": {"bias": np.zeros(3, np.float32)}}
    states = {
        "train_state": {"step": np.int32(3), "params": tree, "opt_state": {"0": {"mu": few, "nu": few}}},
        "flax_optimizer": {"opt": {"target": tree, "state": {"step": np.int32(3), "param_states": few}}},
    }
    for name, state in states.items():
        np.savez_compressed(out / f"{name}.npz", **flatten_dict(state, sep="/"))


class NamedLayer:
    """As much of a Keras 2 layer as its saving looks at: Keras 3 forbids the slash in real ones."""

    def __init__(self, name, weights):
        self.name = name
        self.trainable_weights = [NamedWeight(f"{name}/{kind}:0", value) for kind, value in weights]
        self.non_trainable_weights = []


class NamedWeight:
    def __init__(self, path, value):
        self.path = path
        self.value = value

    def __array__(self, dtype=None, copy=None):
        return self.value


class NamedModel:
    """As much of a Keras 2 model as its saving looks at."""

    _trainable_variables = _non_trainable_variables = weights = []

    def __init__(self, params):
        kinds = {"kernel": "kernel", "bias": "bias", "scale": "gamma"}
        grouped = collections.OrderedDict()
        for name, value in sorted(params.items(), reverse=True):  # gamma and kernel before the rest
            layer, kind = name.rsplit("/", 1)
            norm = "layernorm" in layer.lower() or "layer_norm" in layer
            grouped.setdefault(layer, []).append(("beta" if norm and kind == "bias" else kinds[kind], value))
        self.layers = [NamedLayer("input_1", []), NamedLayer("MixerBlock_0/permute_0", [])]
        self.layers += [NamedLayer(layer, weights) for layer, weights in grouped.items()]


def make_keras2(out, params):
    for name, limit in (("keras2.h5", 64512), ("keras2_long_lists.h5", 200)):
        legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT, before = limit, legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT
        with h5py.File(out / name, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, NamedModel(params))
            file.attrs["keras_version"] = b"2.15.0"
        legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT = before
    with h5py.File(out / "keras2.h5") as file:
        assert b"MixerBlock_0/LayerNorm_0" in [n if isinstance(n, bytes) else n.encode()
                                               for n in file.attrs["layer_names"]]
        assert file["stem/stem/kernel:0"].shape == (8, 8, 3, 20)


def make_refused(out):
    """Legal HDF5 of kinds that the reader refuses, and pickles that call."""
    with h5py.File(out / "keras2.h5") as sound:
        for name in ("chunked", "linked"):
            with h5py.File(out / f"refused_{name}.h5", "w") as file:
                file.attrs["layer_names"] = [b"stem"]
                stem = file.create_group("stem")
                stem.attrs["weight_names"] = [b"stem/bias:0"]
                if name == "chunked":
                    stem.create_dataset("stem/bias:0", data=sound["stem/stem/bias:0"][()], chunks=(10,), compression=1)
                else:
                    stem["stem/bias:0"] = h5py.ExternalLink("/etc/passwd", "/secret")
    call = pickle.dumps({"norm.weight": Call(os.system, "echo pwned")}, protocol=4)
    (out / "hostile_os_system.pdparams").write_bytes(call)
    slices = {"UnpackBigParamInfor@@": {"head.weight": {"OriginShape": (1, 1), "slices": ["head.weight@@.0"]}}}
    (out / "refused_slices.pdparams").write_bytes(pickle.dumps(slices, protocol=2))


def without_names(source, target):
    """The file as Keras wrote it before it knew the attribute «name»."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        groups = []
        file.visititems(lambda path, node: groups.append(node) if "name" in node.attrs else None)
        for group in groups:
            del group.attrs["name"]


def as_keras_213(source, target):
    """The file as the last Keras 2 wrote it in the new layout: each layer with weights took two numbers."""
    with h5py.File(source) as new, h5py.File(target, "w") as old:
        for layer, group in new["layers"].items():
            if len(group["vars"]):
                name, number = (layer, 0) if layer == "conv2d" or "_" not in layer[-3:] else layer.rsplit("_", 1)
                number = 2 * int(number)
                place = f"_layer_checkpoint_dependencies/{name}_{number}" if number else \
                    f"_layer_checkpoint_dependencies/{name}"
                new.copy(group, old, place)
                del old[place]["vars"].attrs["name"]


def make_keras3(out, params, images):
    geometry = GEOMETRIES["narrow"]
    model = keras_mixer(geometry)
    set_weights(model, params)
    np.save(out / "keras.npy", model.predict(images, verbose=0))
    model.save_weights(out / "keras3.weights.h5")
    as_keras_213(out / "keras3.weights.h5", out / "keras213.weights.h5")
    model.compile(optimizer="adam", loss="mse")
    model.save(out / "keras3_whole.h5")
    other = keras_mixer(geometry, epsilon=1e-6, activation="gelu_tanh", dropout=0.1)
    set_weights(other, params)
    other.compile(optimizer="adam", loss="mse")
    other.save(out / "keras3_tanh.keras")
    np.save(out / "keras_tanh.npy", other.predict(images, verbose=0))
    check_close("Keras with tanh against Flax", np.load(out / "keras_tanh.npy"), np.load(out.parent / "narrow.flax.npy"))
    model.save(out / "with_names.keras")
    with zipfile.ZipFile(out / "with_names.keras") as named, zipfile.ZipFile(out / "older.keras", "w") as older:
        for entry in named.namelist():
            content = named.read(entry)
            if entry == "model.weights.h5":
                (out / "with_names.h5").write_bytes(content)
                without_names(out / "with_names.h5", out / "older.h5")
                content = (out / "older.h5").read_bytes()
            older.writestr(entry, content)
    for name in ("with_names.keras", "with_names.h5", "older.h5"):
        (out / name).unlink()
    keras.models.load_model(out / "older.keras", compile=False)

    square = keras_mixer(GEOMETRIES["square"])
    set_weights(square, dict(np.load(out.parent / "square.npz")))
    square.save_weights(out / "square_named.weights.h5")
    without_names(out / "square_named.weights.h5", out / "square_nameless.weights.h5")
    (out / "square_named.weights.h5").unlink()
    square.load_weights(out / "square_nameless.weights.h5")
    keras.config.set_dtype_policy("bfloat16")
    low = keras_mixer(geometry)
    keras.config.set_dtype_policy("float32")
    set_weights(low, params)
    low.save_weights(out / "bfloat16.weights.h5")


def paddle_names(params, vit):
    """The state dict of the same network in Paddle: Linear is [in, out], Conv2D [out, in, h, w]."""
    state = {}
    for name, tensor in to_timm(params).items():
        value = tensor.numpy()
        if value.ndim == 2:
            value = np.ascontiguousarray(value.T)
        if vit:
            name = name.replace("stem.proj", "patch_embed.patch_embed").replace("blocks.", "mixer_layers.")
        state[name] = value
    return state


def make_paddle(out, params):
    """As paddle/framework/io.py writes them, with NumPy and pickle: Paddle is not installed here."""
    vit = paddle_names(params, vit=True)
    table = {name: f"linear_{i}.w_0" for i, name in enumerate(vit)}
    for protocol in (2, 3, 4):
        saved = pickle.dumps({**vit, "StructuredToParameterName@@": table}, protocol=protocol)
        if protocol == 2:  # as NumPy 1 wrote it
            saved = saved.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
        (out / f"protocol{protocol}.pdparams").write_bytes(saved)
        assert set(pickle.loads(saved, encoding="latin1")) == {*vit, "StructuredToParameterName@@"}
    timm = {name: (table_name, np.asfortranarray(value))
            for (name, value), table_name in zip(paddle_names(params, vit=False).items(), table.values())}
    (out / "nested.pdparams").write_bytes(pickle.dumps({"model": timm, "epoch": 3}, protocol=4))
    low = {name: value.astype(ml_dtypes.bfloat16).view(np.uint16) for name, value in vit.items()}
    (out / "bfloat16.pdparams").write_bytes(pickle.dumps({**low, "StructuredToParameterName@@": table}, protocol=4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    fixtures = parser.parse_args().out
    out = fixtures / "sources"
    out.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    params = dict(np.load(fixtures / "narrow.npz"))
    images = np.load(fixtures / "narrow.x.npy")
    state = collections.OrderedDict(to_timm(params))
    model = timm_mixer(GEOMETRIES["narrow"])
    model.load_state_dict(state)
    check_close("timm", timm_logits(model, images), np.load(fixtures / "narrow.timm.npy"), 1e-6)
    make_torch(out, state)
    make_sharded(out, state)
    make_npz(out, params)
    make_keras2(out, params)
    make_refused(out)
    make_keras3(out, params, images)
    make_paddle(out, params)
    for file in sorted(out.rglob("*")):
        print(f"  {file.stat().st_size:8d} {file.relative_to(out)}" if file.is_file() else "")
    print(f"{sum(file.stat().st_size for file in out.rglob('*') if file.is_file())} bytes")


if __name__ == "__main__":
    main()

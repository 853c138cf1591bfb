"""Writes a full-size Mixer with random weights in all three file formats, with the logits that Flax
and timm compute, to check the import of real sizes (B/16: 0.7 GB, L/16: 2.5 GB).
Run: python full_size_parity.py --variant B/16 --out DIR

For B/16: B-16.npz, B-16.pth and B-16.safetensors of the same weights, and for x.npy (two images,
the same for every variant) B-16.flax.npy (GELU by tanh) and B-16.timm.npy (GELU by erf).

Of other families --model takes timm's name: resmlp_12_224.safetensors, resmlp_12_224.timm.npy and x.npy; of the Vision
Permutator, which timm does not have, vip_s14, vip_s7, vip_m7 or vip_l7, and networks.py computes the logits.
"""
import argparse
import pathlib

import numpy as np
import timm
import torch
from safetensors.torch import save_file

from flax_mixer import flax_logits
from mixers import load_state, paper_geometry, random_flax_params, timm_logits, timm_mixer, to_timm
from networks import Vip


VIPS = {"vip_s14": (14, [4, 3, 8, 3], [384, 384, 384, 384]), "vip_s7": (7, [4, 3, 8, 3], [192, 384, 384, 384]),
        "vip_m7": (7, [4, 3, 14, 3], [256, 256, 512, 512]), "vip_l7": (7, [8, 8, 16, 4], [256, 512, 512, 512])}


def random_state(model, generator):
    """Random weights at a scale where every tensor changes the logits noticeably."""
    state = model.state_dict()
    for name, tensor in state.items():
        values = torch.randn(tensor.shape, generator=generator)
        if name.endswith(".alpha") or name.endswith(".weight") and tensor.ndim == 1:
            state[name] = 1 + 0.25 * values
        elif name.endswith(".weight"):
            state[name] = values / (tensor.numel() / tensor.shape[0]) ** 0.5
        else:
            state[name] = 0.2 * values
    return state


def make_timm(name, out, images):
    model = Vip(3, 1000, *VIPS[name], ratio=3) if name in VIPS else timm.create_model(name)
    state = random_state(model, torch.Generator().manual_seed(16))
    save_file(state, out / f"{name}.safetensors", {"format": "pt"})
    model.load_state_dict(state)
    logits = timm_logits(model, images)
    np.save(out / f"{name}.timm.npy", logits)
    print(f"{name}: {sum(tensor.numel() for tensor in model.parameters())} parameters, logits' std {logits.std():.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--variant", help="of a Mixer: B/16, L/16, S/32, ...")
    network.add_argument("--model", help="timm's name of another family's network, such as resmlp_12_224, or vip_s14")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--classes", type=int, default=1000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(224).standard_normal((2, 224, 224, 3), dtype=np.float32)
    np.save(args.out / "x.npy", images)
    if args.model:
        make_timm(args.model, args.out, images)
        return
    geometry = paper_geometry(args.variant, args.classes)
    name = str(args.out / args.variant.replace("/", "-"))
    params = random_flax_params(geometry, np.random.default_rng(16))
    np.savez(name + ".npz", **params)
    state = to_timm(params)
    torch.save(state, name + ".pth")
    save_file(state, name + ".safetensors", {"format": "pt"})

    model = timm_mixer(geometry)
    model.load_state_dict(load_state(name + ".safetensors"))
    by_timm = timm_logits(model, images)
    by_flax = flax_logits(geometry, params, images)
    np.save(name + ".timm.npy", by_timm)
    np.save(name + ".flax.npy", by_flax)
    exact = flax_logits(geometry, params, images, exact_gelu=True)
    print(f"{args.variant}: logits' std {by_timm.std():.2f}; Flax with erf GELU against timm "
          f"{np.abs(exact - by_timm).max():.1e}; tanh against erf {np.abs(by_flax - by_timm).max():.1e}")
    assert np.abs(exact - by_timm).max() < 1e-4


if __name__ == "__main__":
    main()

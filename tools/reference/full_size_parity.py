"""Writes a full-size Mixer with random weights in all three file formats, with the logits that Flax
and timm compute, to check the import of real sizes (B/16: 0.7 GB, L/16: 2.5 GB).
Run: python full_size_parity.py --variant B/16 --out DIR

For B/16: B-16.npz, B-16.pth and B-16.safetensors of the same weights, and for x.npy (two images,
the same for every variant) B-16.flax.npy (GELU by tanh) and B-16.timm.npy (GELU by erf).
"""
import argparse
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

from flax_mixer import flax_logits
from mixers import load_state, paper_geometry, random_flax_params, timm_logits, timm_mixer, to_timm


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", required=True, help="B/16, L/16, S/32, ...")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--classes", type=int, default=1000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    geometry = paper_geometry(args.variant, args.classes)
    name = str(args.out / args.variant.replace("/", "-"))

    images = np.random.default_rng(224).standard_normal((2, 224, 224, 3), dtype=np.float32)
    np.save(args.out / "x.npy", images)
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

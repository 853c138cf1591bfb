"""Compares the learning rates, clipping and crops of finetune_torch.py's recipes with what vit_jax, optax and
TensorFlow gave: finetune-cifar's test fixtures, which the make_*_fixtures.py made.
Run: python check_recipes.py     (exit code 1 where something differs)
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch

from crops import crop_and_resize, inception_box
from recipes import Recipe, clip_gradients

FIXTURES = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures"
CLIPS = (0.1, 3.0, 1000.0)  # make_optimizer_fixtures.py's
DRAWS = 20_000
FIXTURE_DRAWS = 100_000


def worst_rate():
    worst = 0.0
    for case in json.loads((FIXTURES / "optimizers/schedules.json").read_text()):
        if case["decay"] == "linear":
            continue
        recipe = Recipe(learning_rate=case["base"], decay=case["decay"], warmup_steps=case["warmup_steps"])
        for step, rate in enumerate(case["rates"]):
            worst = max(worst, abs(recipe.rate(step, case["total_steps"]) - rate) / case["base"])
    return worst


def worst_clipped():
    gradients = torch.from_numpy(np.load(FIXTURES / "optimizers/gradients.npy"))
    worst = 0.0
    for clip, expected in zip(CLIPS, np.load(FIXTURES / "optimizers/clipped.npy"), strict=True):
        parameters = [torch.nn.Parameter(torch.zeros_like(part)) for part in gradients.split(30)]
        for parameter, part in zip(parameters, gradients.split(30)):
            parameter.grad = part.clone()
        clip_gradients(parameters, clip)
        found = torch.cat([parameter.grad for parameter in parameters]).numpy()
        worst = max(worst, np.abs(found - expected).max() / np.abs(expected).max())
    return worst


def worst_pixel(name):
    pixels, boxes, resized = (np.load(FIXTURES / f"crops/{name}_{part}.npy") for part in ("pixels", "boxes", "resized"))
    x = crop_and_resize(torch.from_numpy(pixels).permute(0, 3, 1, 2), boxes[:, :4].astype(int), resized.shape[1])
    flips = torch.from_numpy(boxes[:, 4] == 1)[:, None, None, None]
    found = torch.where(flips, x.flip(3), x).permute(0, 2, 3, 1).numpy()
    return np.abs(found - resized).max()


def worst_share(height, width):
    """The greatest distance of a statistic's distribution from TensorFlow's, in standard deviations."""
    rng = np.random.default_rng(7)
    top, left, h, w = np.array([inception_box(rng, height, width) for _ in range(DRAWS)]).T
    statistics = [h, w, top, left, h * w, w / h]
    deviation = math.sqrt(0.25 / DRAWS + 0.25 / FIXTURE_DRAWS)
    return max(abs(np.mean(statistics[int(number)] <= value + 1e-6) - share) / deviation
               for number, value, share in np.load(FIXTURES / f"crops/sampled_{height}x{width}.npy"))


def main():
    checks = [("learning rates, relative to the base", worst_rate(), 1e-12),
              ("clipped gradients, relative to the largest", worst_clipped(), 1e-6)]
    checks += [(f"resized crops, {name}, of 255", worst_pixel(name), 1e-3) for name in ("up", "down", "same")]
    checks += [(f"boxes of {h} x {w}, standard deviations", worst_share(h, w), 5)
               for h, w in ((32, 32), (20, 45), (5, 3))]
    for check, difference, most in checks:
        print("ok  " if difference <= most else "FAIL", f"{check}: {difference:.1e}, at most {most:.0e}")
    sys.exit(0 if all(difference <= most for _, difference, most in checks) else 1)


if __name__ == "__main__":
    main()

"""Makes the fixture of a short fine-tuning with PyTorch's Adam that finetune-cifar's tests repeat
step by step. Run: python make_adam_fixture.py [--out DIR]

images.npy (uint8 [480, 16, 16, 3]) and labels.npy (int32 [480]) are 60 batches of 8 in order, each
seen once; a pixel enters the model as (value / 255 - 0.5) / 0.5. From start.safetensors, Adam
(learning rate 1e-3, epsilon 1e-8) leads to final.safetensors; losses.npy has each batch's mean
cross-entropy before its step. losses_eps.npy and final_eps.safetensors are the same with epsilon
1e-3, large enough to show where epsilon enters the update.

blocks.*.mlp_tokens.fc2.bias cannot be compared after training with epsilon 1e-8: the LayerNorms
cancel it, so that its gradient is rounding noise, which Adam scales up to full steps.
"""
import argparse
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

from mixers import Geometry, random_flax_params, timm_mixer, to_timm

GEOMETRY = Geometry(image_size=16, patch_size=4, hidden_size=24, blocks=2, tokens_mlp_size=20,
                    channels_mlp_size=40, classes=5)
BATCHES, BATCH_SIZE = 60, 8
DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures/adam"


def make_images(rng):
    """Stripes whose direction, and a tint whose hue, depend on the class, under noise."""
    count, size, classes = BATCHES * BATCH_SIZE, GEOMETRY.image_size, GEOMETRY.classes
    labels = rng.integers(0, classes, count).astype(np.int32)
    rows, columns = np.mgrid[0:size, 0:size]
    angle = np.pi * labels / classes
    along = np.cos(angle)[:, None, None] * rows + np.sin(angle)[:, None, None] * columns
    stripes = np.sin(along * 2 * np.pi / 6 + rng.uniform(0, 2 * np.pi, count)[:, None, None])
    tint = np.cos(2 * np.pi * (labels[:, None] / classes + np.arange(3) / 3))
    pixels = 128 + 45 * stripes[..., None] + 18 * tint[:, None, None, :]
    pixels = pixels + rng.normal(0, 30, (count, size, size, 3))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), labels


def train(start, images, labels, eps, dtype=torch.float32):
    model = timm_mixer(GEOMETRY).to(dtype)
    model.load_state_dict(start)
    model.train()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=eps)
    x = ((torch.from_numpy(images).to(dtype) / 255 - 0.5) / 0.5).permute(0, 3, 1, 2).contiguous()
    y = torch.from_numpy(labels).long()
    losses = []
    for first in range(0, len(y), BATCH_SIZE):
        batch = slice(first, first + BATCH_SIZE)
        loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return np.array(losses, np.float32), model.state_dict()


def report_precision(losses, final, exact_losses, exact_final):
    """How far float32 is from float64: a test's tolerance cannot be tighter."""
    print(f"  losses {losses[:5].mean():.3f} -> {losses[-5:].mean():.3f}; "
          f"float32 against float64: losses {np.abs(losses - exact_losses).max():.1e}")
    for name in final:
        difference = float((final[name] - exact_final[name]).abs().max())
        if difference > 1e-5:
            print(f"    {name}: {difference:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    rng = np.random.default_rng(60)
    images, labels = make_images(rng)
    start = to_timm(random_flax_params(GEOMETRY, rng))
    np.save(out / "images.npy", images)
    np.save(out / "labels.npy", labels)
    save_file(start, out / "start.safetensors", {"format": "pt"})
    for suffix, eps in (("", 1e-8), ("_eps", 1e-3)):
        print(f"epsilon {eps:g}")
        losses, final = train(start, images, labels, eps)
        report_precision(losses, final, *train(start, images, labels, eps, torch.float64))
        np.save(out / f"losses{suffix}.npy", losses)
        save_file(final, out / f"final{suffix}.safetensors", {"format": "pt"})
    print(f"{sum(file.stat().st_size for file in out.iterdir())} bytes in {out.name}/")


if __name__ == "__main__":
    main()

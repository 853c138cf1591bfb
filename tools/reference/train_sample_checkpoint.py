"""Trains the sample checkpoint: a small Mixer (timm, PyTorch) for the six animals of CIFAR-10, to be
fine-tuned on the four vehicles. About 13 minutes on two CPU cores.
Run: python train_sample_checkpoint.py --data CIFAR_10_BINARY_FOLDER [--out DIR]

Writes animals-mixer.safetensors (timm's names; inputs (value / 255 - 0.5) / 0.5; classes bird, cat,
deer, dog, frog, horse), and eight test images with timm's logits: verify-inputs.npy (normalised
float32 [8, 32, 32, 3]) and verify-expected.npy.
"""
import argparse
import math
import pathlib
import time

import numpy as np
import torch
from safetensors.torch import save_file

from cifar import read_names, read_split
from mixers import Geometry, load_state, timm_logits, timm_mixer

ANIMALS = ["bird", "cat", "deer", "dog", "frog", "horse"]
GEOMETRY = Geometry(image_size=32, patch_size=4, hidden_size=128, blocks=5, tokens_mlp_size=64,
                    channels_mlp_size=320, classes=len(ANIMALS))
DEFAULT_OUT = pathlib.Path(__file__).parents[1] / "sample"


def animals(folder, train):
    images, labels = read_split(folder, train)
    names = read_names(folder)
    lookup = np.array([ANIMALS.index(name) if name in ANIMALS else -1 for name in names])
    labels = lookup[labels]
    return images[labels >= 0], labels[labels >= 0]


def normalise(images):
    return (images.astype(np.float32) / 255 - 0.5) / 0.5


def augment(padded, indices, rng):
    """Random 32 x 32 crops of images padded to 40 x 40, half of them flipped."""
    out = np.empty((len(indices), 32, 32, 3), np.uint8)
    for i, index in enumerate(indices):
        top, left = rng.integers(0, 9, 2)
        crop = padded[index, top:top + 32, left:left + 32]
        out[i] = crop[:, ::-1] if rng.random() < 0.5 else crop
    return out


def accuracy(model, images, labels):
    logits = np.concatenate([timm_logits(model, normalise(images[i:i + 500])) for i in range(0, len(images), 500)])
    predicted = logits.argmax(1)
    each = [float((predicted[labels == c] == c).mean()) for c in range(len(ANIMALS))]
    return float((predicted == labels).mean()), each


def train(model, images, labels, test, args):
    rng = np.random.default_rng(args.seed)
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    adam = torch.optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0}],
                             lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=0.05)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    steps_an_epoch = len(images) // args.batch_size
    total, warmup = args.epochs * steps_an_epoch, steps_an_epoch
    started, step = time.time(), 0
    for epoch in range(args.epochs):
        model.train()
        order, seen = rng.permutation(len(images)), 0.0
        for first in range(0, steps_an_epoch * args.batch_size, args.batch_size):
            batch = order[first:first + args.batch_size]
            x = torch.from_numpy(normalise(augment(padded, batch, rng))).permute(0, 3, 1, 2).contiguous()
            step += 1
            progress = max(0, step - warmup) / (total - warmup)
            for group in adam.param_groups:
                group["lr"] = args.learning_rate * min(step / warmup, 0.5 + 0.5 * math.cos(math.pi * progress))
            loss = loss_of(model(x), torch.from_numpy(labels[batch]))
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            seen += loss.item()
        print(f"epoch {epoch + 1}: loss {seen / steps_an_epoch:.3f}, test accuracy "
              f"{accuracy(model, *test)[0]:.4f}, {time.time() - started:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    test = animals(args.data, train=False)
    model = timm_mixer(GEOMETRY)
    train(model, *animals(args.data, train=True), test, args)
    overall, each = accuracy(model, *test)
    print(f"test accuracy {overall:.4f} on {len(test[1])} images: "
          + ", ".join(f"{name} {value:.3f}" for name, value in zip(ANIMALS, each)))

    file = args.out / "animals-mixer.safetensors"
    description = (f"MLP-Mixer for CIFAR-10's animals ({', '.join(ANIMALS)}), 32x32, patch 4, trained from "
                   f"scratch with timm {args.epochs} epochs; input (value/255-0.5)/0.5; test accuracy {overall:.4f}")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, file,
              {"format": "pt", "description": description})
    assert file.stat().st_size < 2_000_000
    model.load_state_dict(load_state(file))
    inputs = normalise(test[0][:8])
    expected = timm_logits(model, inputs)
    np.save(args.out / "verify-inputs.npy", inputs)
    np.save(args.out / "verify-expected.npy", expected)
    print(f"verify images: labels {test[1][:8].tolist()}, predicted {expected.argmax(1).tolist()}")


if __name__ == "__main__":
    main()

"""Trains a network in PyTorch from scratch by the network and the settings of a run of finetune-cifar, with PyTorch's
initial values or those of a file.
Run: python scratch_torch.py RUN/config.json --data DIR [--seed N] [--start FILE.safetensors] [--steps N]

Each epoch prints a line to stderr. The last line of the output is one JSON object: accuracies after each epoch, the
loss of each step, seconds. DIR has MNIST's files or CIFAR-10's binary ones. Crops, flips, mixup, moving averages and
clipping are not here: a run that has them is refused. --start takes weights with the source's own names, such as
import-weights init writes; --steps ends sooner. With "shuffle": false both train on the same batches.
"""
import argparse
import gzip
import json
import pathlib
import sys
import time

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from cifar import read_split
from networks import network_of

NOT_HERE = {"flip": False, "mixup": 0, "stochastic_depth": 0, "head_only": False, "validation_fraction": 0,
            "crop_min_area": None, "clip_norm": None, "ema_decay": None, "micro_batch_size": None}


def read_idx(folder, name, offset):
    plain = folder / name
    data = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


def read_images(folder, train):
    """Images (uint8 [N, channels, height, width]) and labels (int64 [N])."""
    if (folder / "test_batch.bin").exists():
        images, labels = read_split(folder, train)
        return torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), torch.from_numpy(labels)
    start = "train" if train else "t10k"
    labels = read_idx(folder, f"{start}-labels-idx1-ubyte", 8)
    images = read_idx(folder, f"{start}-images-idx3-ubyte", 16).reshape(len(labels), 1, 28, 28)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def make_optimizer(settings, parameters):
    options, rate = dict(settings["optimizer"]), settings["learning_rate"]
    name, decay = options.pop("name"), options.pop("weight_decay")
    eps = {"eps": options["epsilon"]} if "epsilon" in options else {}
    if name in ("sgd", "momentum"):
        return torch.optim.SGD(parameters, rate, momentum=options.get("momentum", 0), weight_decay=decay,
                               nesterov=options.get("nesterov", False))
    if name == "adagrad":
        return torch.optim.Adagrad(parameters, rate, weight_decay=decay, **eps)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, alpha=options["alpha"], momentum=options["momentum"],
                                   weight_decay=decay, **eps)
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(parameters, rate, betas=(options["beta1"], options["beta2"]), weight_decay=decay, **eps)


def rate_of(settings, step, total):
    """As train has it; steps count from 0."""
    base, warmup = settings["learning_rate"], settings["warmup_steps"]
    if step < warmup:
        return base * step / warmup
    progress = (step - warmup) / (total - warmup)
    if settings["schedule"] == "cosine":
        return base * 0.5 * (1 + np.cos(np.pi * progress))
    if settings["schedule"] == "linear":
        end = min(1e-5, base)
        return end + (base - end) * (1 - progress)
    return base


def accuracy(network, images, labels, normalize):
    network.eval()
    with torch.no_grad():
        hits = sum((network(normalize(x)).argmax(1) == y).sum().item()
                   for x, y in zip(images.split(1000), labels.split(1000)))
    return hits / len(labels)


def train(config, folder, seed, start=None, steps=None, say=lambda line: None):
    settings = config["settings"]
    for name, value in NOT_HERE.items():
        if settings.get(name, value) != value:
            raise SystemExit(f"error: {name} {settings[name]}: not in this script")
    torch.manual_seed(seed)
    network = network_of(config["network"], settings["dropout"])
    if start:
        network.load_state_dict(load_file(start))
    mean, std = (torch.tensor(config["network"]["input"][name]).view(1, -1, 1, 1) for name in ("mean", "std"))

    def normalize(images):
        return (images.float() / 255 - mean) / std

    def loss_of(logits, labels):
        if settings["loss"] == "mse":
            return functional.mse_loss(logits, functional.one_hot(labels, logits.shape[1]).float())
        return functional.cross_entropy(logits, labels, label_smoothing=settings["label_smoothing"])

    (images, labels), test = read_images(folder, True), read_images(folder, False)
    images, labels = (each[:config["data"]["train_images"]] for each in (images, labels))
    optimizer = make_optimizer(settings, network.parameters())
    size, began = settings["batch_size"], time.perf_counter()
    total = settings.get("steps") or settings["epochs"] * -(-len(labels) // size)
    step, epoch, losses, accuracies = 0, 0, [], []
    while step < min(total, steps or total):
        order = torch.randperm(len(labels)) if settings["shuffle"] else torch.arange(len(labels))
        network.train()
        for batch in order.split(size):
            for group in optimizer.param_groups:
                group["lr"] = rate_of(settings, step, total)
            loss = loss_of(network(normalize(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
            if step == min(total, steps or total):
                break
        epoch += 1
        accuracies.append(accuracy(network, *test, normalize))
        say(f"epoch {epoch}  loss {np.mean(losses[-len(order) // size:]):.4f}, test accuracy {accuracies[-1]:.2%}")
    return {"accuracies": accuracies, "losses": losses, "seconds": time.perf_counter() - began}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=pathlib.Path)
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    config = json.loads(args.config.read_text())
    result = train(config, args.data, args.seed, args.start, args.steps, lambda line: print(line, file=sys.stderr))
    print(json.dumps(result))


if __name__ == "__main__":
    main()

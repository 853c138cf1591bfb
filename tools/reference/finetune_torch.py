"""Fine-tunes a Mixer in PyTorch on a folder in CIFAR-10's binary layout, by a recipe of finetune-cifar:
the reference for its accuracy and its speed.
Run: python finetune_torch.py --weights FILE --data FOLDER [--recipe NAME] [options]

All recipes: uint8 images, resized bilinearly with half-pixel centres and no antialiasing, flipped left
to right at random, normalised as (value / 255 - mean) / std; cross-entropy; the head set to zero if the
number of classes differs. recipes.py has what differs.

The output is one line of JSON: accuracies on the test images before the first step and after the last;
seconds of all steps, from a step's images to its updated weights. Progress goes to stderr.
"""
import argparse
import dataclasses
import itertools
import json
import math
import pathlib
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from cifar import read_names, read_split
from crops import crop_and_resize, inception_box, resize
from mixers import load_metadata, load_state, paper_geometry, timm_geometry, timm_mixer
from recipes import add_options, chosen_recipe, clip_gradients

EVALUATION_BATCH = 50


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=pathlib.Path, help=".safetensors or .pth with timm's names")
    source.add_argument("--random", metavar="MODEL", help="random weights: S/32, S/16, B/32, B/16, L/16, ...")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    add_options(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-augment", action="store_true", help="no random crops and flips")
    parser.add_argument("--no-shuffle", action="store_true", help="the images in their order, every epoch")
    parser.add_argument("--threads", type=int)
    return parser, parser.parse_args()


class Network:
    """A Mixer with what its images need."""

    def __init__(self, args, recipe, classes):
        state, metadata = None, {}
        if args.random:
            geometry = paper_geometry(args.random, classes)
        else:
            state, metadata = load_state(args.weights), load_metadata(args.weights)
            pretrained = timm_geometry(state)
            geometry = dataclasses.replace(pretrained, classes=classes)
            if pretrained.classes != classes:
                state["head.weight"] = torch.zeros(classes, geometry.hidden_size)
                state["head.bias"] = torch.zeros(classes)
        self.model = timm_mixer(geometry)
        if state:
            self.model.load_state_dict(state)
        for module in self.model.modules():
            if isinstance(module, torch.nn.GELU):
                module.approximate = "tanh" if metadata.get("mixer4j.gelu") == "tanh" else "none"
        if recipe.zero_head:
            torch.nn.init.zeros_(self.model.head.weight)
            torch.nn.init.zeros_(self.model.head.bias)
        if recipe.head_only:
            self.model.requires_grad_(False)
            self.model.head.requires_grad_(True)
        self.size = geometry.image_size
        own = (metadata.get(f"mixer4j.{name}", "0.5,0.5,0.5") for name in ("mean", "std"))
        self.mean, self.std = (
            torch.tensor([recipe.normalization or float(value) for value in text.split(",")])[:, None, None]
            for text in own)
        print(geometry, file=sys.stderr)

    def logits(self, images, flips=None, boxes=None):
        """Of uint8 [N, H, W, 3]; flips is a bool for each image, boxes its crop."""
        x = images.permute(0, 3, 1, 2).float()
        if boxes is not None:
            x = crop_and_resize(x, boxes, self.size)
        elif x.shape[2:] != (self.size, self.size):
            x = resize(x, self.size)
        if flips is not None:
            x = torch.where(flips[:, None, None, None], x.flip(3), x)
        return self.model((x / 255 - self.mean) / self.std)

    @torch.no_grad()
    def accuracy(self, images, labels):
        self.model.eval()
        right = 0
        for part in torch.arange(len(labels)).split(EVALUATION_BATCH):
            right += (self.logits(images[part]).argmax(1) == labels[part]).sum().item()
        return right / len(labels)


class Augmentation:
    """A run's random flips and crops."""

    def __init__(self, crops, generator, seed):
        self.crops, self.generator, self.rng = crops, generator, np.random.default_rng(seed)

    def draw(self, images):
        flips = torch.rand(len(images), generator=self.generator) < 0.5
        boxes = [inception_box(self.rng, *images.shape[1:3]) for _ in images] if self.crops else None
        return flips, boxes


def batches(count, batch_size, shuffle, generator):
    """Indices of image after image, epoch after epoch, without end."""
    while True:
        order = torch.randperm(count, generator=generator) if shuffle else torch.arange(count)
        yield from order.split(batch_size)


def train_step(network, optimizer, recipe, images, labels, flips, boxes):
    """One update by the gradients of the mean loss, which is returned."""
    optimizer.zero_grad()
    total = 0.0
    size = recipe.micro_batch_size or len(labels)
    for first in range(0, len(labels), size):
        part = slice(first, first + size)
        chosen = images[part], flips if flips is None else flips[part], boxes if boxes is None else boxes[part]
        loss = F.cross_entropy(network.logits(*chosen), labels[part])
        loss = loss * (len(labels[part]) / len(labels))
        loss.backward()
        total += loss.item()
    if recipe.clip:
        clip_gradients(optimizer.param_groups[0]["params"], recipe.clip)
    optimizer.step()
    return total


def train(network, recipe, images, labels, args):
    """Returns each step's number of images and seconds."""
    total = recipe.total_steps(len(labels))
    generator = torch.Generator().manual_seed(args.seed)
    augmentation = None if args.no_augment else Augmentation(recipe.crops, generator, args.seed)
    optimizer = recipe.make_optimizer([p for p in network.model.parameters() if p.requires_grad])
    network.model.train()
    sizes, times = [], []
    order = batches(len(labels), recipe.batch_size, not args.no_shuffle, generator)
    for step, batch in enumerate(itertools.islice(order, total)):
        started = time.perf_counter()
        optimizer.param_groups[0]["lr"] = rate = recipe.rate(step, total)
        chosen = images[batch]
        flips, boxes = augmentation.draw(chosen) if augmentation else (None, None)
        loss = train_step(network, optimizer, recipe, chosen, labels[batch], flips, boxes)
        times.append(time.perf_counter() - started)
        sizes.append(len(batch))
        if not math.isfinite(loss):
            sys.exit(f"error: step {step + 1}: expected a finite loss, found {loss}")
        if (step + 1) % math.ceil(total / 20) == 0:
            print(f"step {step + 1} of {total}: loss {loss:.4f}, rate {rate:.3g}, "
                  f"{sum(sizes) / sum(times):.1f} images/s", file=sys.stderr, flush=True)
    return sizes, times


def main():
    parser, args = parse_arguments()
    recipe = chosen_recipe(args)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    images, labels = (torch.from_numpy(array) for array in read_split(args.data, True))
    count = min(recipe.trained_on(len(labels)), args.limit_train or len(labels))
    images, labels = images[:count], labels[:count]
    test = [torch.from_numpy(array[:args.limit_test]) for array in read_split(args.data, False)]
    if not 0 <= recipe.warmup_steps < recipe.total_steps(count):
        parser.error(f"--warmup-steps: expected fewer than the run's {recipe.total_steps(count)} steps, "
                     f"found {recipe.warmup_steps}")
    network = Network(args, recipe, len(read_names(args.data) or range(10)))
    print(f"{recipe}\n{count} training and {len(test[1])} test images", file=sys.stderr)
    before = network.accuracy(*test)
    sizes, times = train(network, recipe, images, labels, args)
    print(json.dumps({
        "recipe": args.recipe, "seed": args.seed,
        "accuracy_before": before, "accuracy_after": network.accuracy(*test),
        "seconds": sum(times), "images_per_second": sum(sizes) / sum(times),
        "steps": len(times), "median_step_seconds": statistics.median(times),
        "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()

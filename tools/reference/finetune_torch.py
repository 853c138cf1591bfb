"""Fine-tunes a Mixer in PyTorch on a folder in CIFAR-10's binary layout, by the recipe of
finetune-cifar: the reference for its accuracy and its speed.
Run: python finetune_torch.py --weights FILE --data FOLDER [options]

The recipe: uint8 images, resized bilinearly with half-pixel centres and no antialiasing, flipped
left to right at random, normalised as (value / 255 - 0.5) / 0.5; cross-entropy; Adam; the head set
to zero if the number of classes differs. --steps N stops after N steps and reports their time.
"""
import argparse
import dataclasses
import json
import pathlib
import statistics
import time

import torch
import torch.nn.functional as F

from cifar import read_names, read_split
from mixers import load_state, paper_geometry, timm_geometry, timm_mixer

EVALUATION_BATCH = 50


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=pathlib.Path, help=".safetensors or .pth with timm's names")
    source.add_argument("--random", metavar="MODEL", help="random weights: S/32, S/16, B/32, B/16, L/16, ...")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-train", type=int, help="use only the first N training images")
    parser.add_argument("--limit-test", type=int, help="use only the first N test images")
    parser.add_argument("--no-augment", action="store_true", help="no random flips")
    parser.add_argument("--no-shuffle", action="store_true", help="the images in their order, every epoch")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, help="stop after N training steps and report their time")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    return parser.parse_args()


def make_model(args, classes):
    if args.random:
        geometry, state = paper_geometry(args.random, classes), None
    else:
        state = load_state(args.weights)
        pretrained = timm_geometry(state)
        geometry = dataclasses.replace(pretrained, classes=classes)
        if pretrained.classes != classes:
            state["head.weight"] = torch.zeros(classes, geometry.hidden_size)
            state["head.bias"] = torch.zeros(classes)
    model = timm_mixer(geometry)
    if state:
        model.load_state_dict(state)
    return model, geometry


def prepare(images, size, flips=None):
    """uint8 [N, 32, 32, 3] to the model's input; flips is a bool for each image."""
    x = images.permute(0, 3, 1, 2).float()
    if x.shape[-1] != size:
        x = F.interpolate(x, (size, size), mode="bilinear", align_corners=False, antialias=False)
    if flips is not None:
        x = torch.where(flips[:, None, None, None], x.flip(3), x)
    return (x / 255 - 0.5) / 0.5


@torch.no_grad()
def evaluate(model, images, labels, size):
    """The mean loss and the accuracy."""
    model.eval()
    loss, right = 0.0, 0
    for first in range(0, len(labels), EVALUATION_BATCH):
        batch = slice(first, first + EVALUATION_BATCH)
        logits = model(prepare(images[batch], size))
        loss += F.cross_entropy(logits, labels[batch], reduction="sum").item()
        right += (logits.argmax(1) == labels[batch]).sum().item()
    return loss / len(labels), right / len(labels)


def train_epoch(model, adam, images, labels, size, args, generator, max_steps=None):
    """One pass; returns each step's seconds, from its images to the updated weights."""
    model.train()
    count = len(labels)
    order = torch.arange(count) if args.no_shuffle else torch.randperm(count, generator=generator)
    times = []
    for first in range(0, count, args.batch_size):
        if max_steps is not None and len(times) == max_steps:
            break
        started = time.perf_counter()
        batch = order[first:first + args.batch_size]
        flips = None if args.no_augment else torch.rand(len(batch), generator=generator) < 0.5
        loss = F.cross_entropy(model(prepare(images[batch], size, flips)), labels[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        times.append(time.perf_counter() - started)
    return times


def time_steps(model, adam, train, size, args, generator):
    times = []
    while len(times) < args.steps:
        times += train_epoch(model, adam, *train, size, args, generator, args.steps - len(times))
    median = statistics.median(times)
    print(f"{len(times)} steps of {args.batch_size}: median {median:.4f} s, {args.batch_size / median:.2f} images/s")
    return {"steps": len(times), "median_step_seconds": median, "images_per_second": args.batch_size / median}


def fine_tune(model, adam, train, test, size, args, generator):
    epochs = []
    for epoch in range(1, args.epochs + 1):
        rate = len(train[1]) / sum(train_epoch(model, adam, *train, size, args, generator))
        loss, accuracy = evaluate(model, *test, size)
        print(f"epoch {epoch}: test loss {loss:.4f}, test accuracy {accuracy:.4f}, {rate:.1f} images/s", flush=True)
        epochs.append({"epoch": epoch, "test_loss": loss, "test_accuracy": accuracy, "images_per_second": rate})
    return {"epochs": epochs}


def main():
    args = parse_arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    classes = len(read_names(args.data) or range(10))
    train, test = ([torch.from_numpy(array[:limit]) for array in read_split(args.data, is_train)]
                   for is_train, limit in ((True, args.limit_train), (False, args.limit_test)))
    model, geometry = make_model(args, classes)
    print(geometry)
    print(f"{len(train[1])} training and {len(test[1])} test images")
    adam = torch.optim.Adam(model.parameters(), lr=args.learning_rate, eps=1e-8)
    run = (model, adam, train) if args.steps else (model, adam, train, test)
    result = (time_steps if args.steps else fine_tune)(*run, geometry.image_size, args, generator)
    if args.json:
        print(json.dumps({**dataclasses.asdict(geometry), "threads": torch.get_num_threads(), **result}))


if __name__ == "__main__":
    main()

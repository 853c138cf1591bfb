"""Trains the first steps of a run from scratch by finetune-cifar and by scratch_torch.py, from the same weights and on the
same batches, and compares each step's loss and the accuracies on the test images after each epoch.
Run: python check_scratch.py --data DIR [--most DIFFERENCE] 'OPTIONS OF TRAIN'

For example, three epochs of cifar-scratch on a part of CIFAR-10 (its warm-up would take longer than that):

  python check_scratch.py --data cifar-10-batches-bin \\
      '--recipe cifar-scratch --limit-train 2560 --limit-test 500 --epochs 3 --warmup-steps 20'

Without crops, flips and shuffling, which draw other random numbers. Exit code 1 if a step's losses differ by more than
--most.
"""
import argparse
import csv
import json
import pathlib
import sys
import tempfile

import torch

from compare_recipes import TOOLS, run
from scratch_torch import train

SEED = 7


def rows_of(metrics, split):
    with open(metrics, newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", type=str.split)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--most", type=float, default=1e-5, help="difference of a step's losses")
    parser.add_argument("--threads", type=int, help="PyTorch's")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        ours = folder / "run"
        run([TOOLS / "finetune-cifar", "train", *args.options, "--no-augment", "--no-shuffle", "--log-every", 1,
             "--seed", SEED, "--data", args.data, "--out", ours])
        start = folder / "start.safetensors"
        run([TOOLS / "import-weights", "init", "--model", ours / "config.json", "--seed", SEED, "-o", start])
        theirs = train(json.loads((ours / "config.json").read_text()), args.data, SEED, start,
                       say=lambda line: print(line, file=sys.stderr))
        losses = [float(row["loss"]) for row in rows_of(ours / "metrics.csv", "train")]
        accuracies = [float(row["accuracy"]) for row in rows_of(ours / "metrics.csv", "test")][1:]
    differences = [abs(a - b) for a, b in zip(losses, theirs["losses"], strict=True)]
    for first in range(0, len(losses), max(1, len(losses) // 10)):
        print(f"step {first + 1}: loss {losses[first]:.6f}, PyTorch's {theirs['losses'][first]:.6f}")
    print(f"{len(losses)} steps: losses differ by {max(differences):.1e} at most, by {differences[0]:.1e} in the first")
    print("test accuracy after each epoch:", ", ".join(f"{a:.2%}" for a in accuracies), "and PyTorch's",
          ", ".join(f"{a:.2%}" for a in theirs["accuracies"]))
    sys.exit(0 if max(differences) <= args.most else 1)


if __name__ == "__main__":
    main()

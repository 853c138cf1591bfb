"""Trains networks from scratch by finetune-cifar and by scratch_torch.py, seed by seed, and compares the accuracies on
the test images.
Run: python compare_scratch.py --data DIR [--seeds 1,2,3] [--out FOLDER] 'OPTIONS OF TRAIN' ...

Each argument is a run, such as '--recipe mnist-mlp --model mlp-100-80'. A row of a Markdown table is printed for each, in
percent: options, Mixer4J's accuracies after the last epoch and their mean, PyTorch's, the difference of the means in
points, and the seconds of both. Exit code 1 if a difference is above 0.3 points. --out keeps the runs.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

from compare_recipes import TOOLS, last_test_accuracy, run
from scratch_torch import train

MOST_POINTS = 0.3


def compare(options, data, seeds, folder):
    ours, theirs, seconds = [], [], [0, 0]
    for seed in seeds:
        out = folder / "-".join([*options, str(seed)]).replace("/", "_").replace("--", "")
        began = time.perf_counter()
        run([TOOLS / "finetune-cifar", "train", *options, "--data", data, "--seed", seed, "--out", out])
        seconds[0] += time.perf_counter() - began
        ours.append(last_test_accuracy(out / "metrics.csv"))
        result = train(json.loads((out / "config.json").read_text()), data, seed)
        seconds[1] += result["seconds"]
        theirs.append(result["accuracies"][-1])
        print(f"{' '.join(options)}, seed {seed}: Mixer4J {ours[-1]:.2%}, PyTorch {theirs[-1]:.2%}",
              file=sys.stderr, flush=True)
    difference = 100 * (statistics.mean(ours) - statistics.mean(theirs))
    cells = [f"`{' '.join(options)}`"]
    for accuracies in (ours, theirs):
        cells += [", ".join(f"{100 * a:.2f}" for a in accuracies), f"{100 * statistics.mean(accuracies):.2f}"]
    cells += [f"{difference:+.2f}", f"{seconds[0]:.0f}, {seconds[1]:.0f}"]
    print(f"| {' | '.join(cells)} |", flush=True)
    return round(abs(difference), 6) <= MOST_POINTS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=str.split)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        close = [compare(options, args.data, args.seeds, args.out or pathlib.Path(temporary)) for options in args.runs]
    sys.exit(0 if all(close) else 1)


if __name__ == "__main__":
    main()

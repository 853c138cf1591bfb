"""Fine-tunes the same weights on the same images in float32 and in another precision, seed by seed, and compares the
curves of the training loss.
Run: python compare_precisions.py --weights FILE --data FOLDER --out FOLDER [--precision bfloat16] [--seeds 1,2,3]
     [-- OPTION... of finetune-cifar train]

Prints what the precision changes, and what another seed changes: the root mean squares, over all rows of metrics.csv,
of the difference of the losses. Exit code 1 if the precision changes the mean loss of the seeds by more than a seed
changes a loss. The runs stay in the folder, for finetune-cifar compare RUN... --plot FILE.
"""
import argparse
import csv
import itertools
import pathlib
import statistics
import subprocess
import sys

TOOLS = pathlib.Path(__file__).parents[1]


def losses(folder, split):
    """Of a run's metrics.csv, by step."""
    with open(folder / "metrics.csv", newline="") as file:
        return {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file) if row["split"] == split}


def train(args, precision, seed):
    folder = args.out / f"{precision}-{seed}"
    command = [TOOLS / "finetune-cifar", "train", "--weights", args.weights, "--data", args.data, "--out", folder,
               "--precision", precision, "--seed", seed, *args.options]
    code = subprocess.run([str(word) for word in command]).returncode
    if code:
        sys.exit(code)
    return folder


def rms(numbers):
    return statistics.mean(number * number for number in numbers) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("options", nargs="*")
    args = parser.parse_args()
    if len(args.seeds) < 2:
        parser.error("--seeds: expected two or more, of which the noise is")

    exact = [train(args, "float32", seed) for seed in args.seeds]
    other = [train(args, args.precision, seed) for seed in args.seeds]
    passed = True
    for split in ("train", "test"):
        a, b = ([losses(run, split) for run in runs] for runs in (exact, other))
        steps = sorted(a[0])
        same_seed = rms(y[step] - x[step] for x, y in zip(a, b) for step in steps)
        means = rms(statistics.mean(y[step] for y in b) - statistics.mean(x[step] for x in a) for step in steps)
        seeds = rms(x[step] - y[step] for x, y in itertools.combinations(a, 2) for step in steps)
        last = steps[-1]
        print(f"{split} loss, {len(steps)} rows of {len(a)} seeds: {args.precision} changes a run's by {same_seed:.5f}, "
              f"the seeds' mean by {means:.5f}; another seed changes a run's by {seeds:.5f}; last mean "
              f"{statistics.mean(x[last] for x in a):.4f} in float32, {statistics.mean(y[last] for y in b):.4f}")
        passed &= means <= seeds
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()

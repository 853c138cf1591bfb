"""Fine-tunes the same weights on the same images by finetune-cifar and by finetune_torch.py, seed by seed, and
compares the last weights' accuracies on the test images.
Run: python compare_recipes.py --weights FILE --data FOLDER --recipe NAME [--seeds 1,2,3] [options]

The output is a row of a Markdown table, in percent: recipe, seeds, Mixer4J's accuracies, their mean, PyTorch's
accuracies, their mean, difference of the means in points. Exit code 1 if that is above 1 point, or that of a command
that failed. Needs what finetune_torch.py reads: timm's names, and CIFAR-10's binary layout.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from recipes import add_options

TOOLS = pathlib.Path(__file__).parents[1]
MOST_POINTS = 1.0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    names = add_options(parser)
    parser.add_argument("--threads", help="PyTorch's; train takes all processors")
    args = parser.parse_args()
    options = ["--recipe", args.recipe, "--weights", args.weights, "--data", args.data]
    for name in names:
        value = getattr(args, name)
        if value is not None:
            options += ["--" + name.replace("_", "-"), str(value)]
    return args, options


def run(command):
    """The command's output; what it reports goes to stderr, and its failure ends this script."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        print(f"error: exit code {result.returncode} of {' '.join(map(str, command))}", file=sys.stderr)
        sys.exit(result.returncode)
    return result.stdout


def last_test_accuracy(metrics):
    """Of a run's metrics.csv."""
    with open(metrics, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    if not rows:
        sys.exit(f"error: {metrics}: expected a row of the split test, found none")
    return float(rows[-1]["accuracy"])


def mixer4j_accuracy(options, seed):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        run([TOOLS / "finetune-cifar", "train", *options, "--seed", seed, "--out", out])
        return last_test_accuracy(out / "metrics.csv")


def torch_accuracy(options, seed, threads):
    script = pathlib.Path(__file__).with_name("finetune_torch.py")
    more = ["--threads", threads] if threads else []
    output = run([sys.executable, script, *options, "--seed", seed, *more])
    return json.loads(output.splitlines()[-1])["accuracy_after"]


def table_row(recipe, seeds, ours, theirs):
    """Markdown, from shares of 1, and whether the means are close enough."""
    difference = 100 * (statistics.mean(ours) - statistics.mean(theirs))
    cells = [recipe, ", ".join(map(str, seeds))]
    for accuracies in (ours, theirs):
        cells += [", ".join(f"{100 * a:.2f}" for a in accuracies), f"{100 * statistics.mean(accuracies):.2f}"]
    # Rounded, so that a difference of exactly the limit is within it.
    return f"| {' | '.join(cells)} | {difference:+.2f} |", round(abs(difference), 6) <= MOST_POINTS


def main():
    args, options = parse_arguments()
    ours, theirs = [], []
    for seed in args.seeds:
        ours.append(mixer4j_accuracy(options, seed))
        theirs.append(torch_accuracy(options, seed, args.threads))
        print(f"seed {seed}: Mixer4J {100 * ours[-1]:.2f}%, PyTorch {100 * theirs[-1]:.2f}%", file=sys.stderr)
    row, close = table_row(args.recipe, args.seeds, ours, theirs)
    print(row)
    sys.exit(0 if close else 1)


if __name__ == "__main__":
    main()

"""Cuts the sample data set out of CIFAR-10: its four vehicles, as a small folder in the same binary
layout, and a PNG image of each. Run: python make_sample_data.py --data CIFAR_10_BINARY_FOLDER [--out DIR]

Writes vehicles/data_batch_1.bin (150 training images a class), vehicles/test_batch.bin (80 test
images a class), vehicles/batches.meta.txt and images/NAME.png (a test image of each class that is
not in test_batch.bin).
"""
import argparse
import pathlib

import numpy as np
from PIL import Image

from cifar import read_names, read_split, write_batch

VEHICLES = ["airplane", "automobile", "ship", "truck"]
DEFAULT_OUT = pathlib.Path(__file__).parents[1] / "sample"


def first_of_each(images, labels, names, skip, count):
    """The images number skip to skip + count of each vehicle, in their order in the file."""
    picked = [np.flatnonzero(labels == names.index(name))[skip:skip + count] for name in VEHICLES]
    remapped = np.repeat(np.arange(len(VEHICLES)), count)
    rows = np.concatenate(picked)
    assert len(rows) == len(remapped)
    order = np.argsort(rows)
    return images[rows[order]], remapped[order]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    args = parser.parse_args()
    folder, pictures = args.out / "vehicles", args.out / "images"
    folder.mkdir(parents=True, exist_ok=True)
    pictures.mkdir(exist_ok=True)

    names = read_names(args.data)
    train, test = read_split(args.data, train=True), read_split(args.data, train=False)
    write_batch(folder / "data_batch_1.bin", *first_of_each(*train, names, 0, 150))
    write_batch(folder / "test_batch.bin", *first_of_each(*test, names, 0, 80))
    (folder / "batches.meta.txt").write_text("\n".join(VEHICLES) + "\n")
    for image, label in zip(*first_of_each(*test, names, 80, 1)):
        Image.fromarray(image).save(pictures / f"{VEHICLES[label]}.png")

    for is_train in (True, False):
        images, labels = read_split(folder, is_train)
        print(len(images), "images,", np.bincount(labels).tolist(), "of each class")
    print(sum(file.stat().st_size for file in folder.iterdir()), "bytes")


if __name__ == "__main__":
    main()

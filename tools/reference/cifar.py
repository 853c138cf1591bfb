"""Reads and writes folders in CIFAR-10's binary layout: data_batch_*.bin and test_batch.bin, whose
records are a label byte and 3072 bytes of red, green and blue planes, and batches.meta.txt with
the class names. A file may hold any number of records.

A module for the scripts beside it; nothing to run.
"""
import numpy as np

RECORD = 1 + 3 * 32 * 32


def read_names(folder):
    """The class names, or None without a batches.meta.txt."""
    meta = folder / "batches.meta.txt"
    return meta.read_text().split() if meta.exists() else None


def read_split(folder, train):
    """Images (uint8 [N, 32, 32, 3]) and labels (int64 [N]) of the training or the test files."""
    files = sorted(folder.glob("data_batch_*.bin")) if train else [folder / "test_batch.bin"]
    if not files:
        raise FileNotFoundError(f"no data_batch_*.bin in {folder}")
    records = np.concatenate([np.fromfile(file, np.uint8) for file in files]).reshape(-1, RECORD)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0].astype(np.int64)


def write_batch(file, images, labels):
    """Writes one batch file."""
    records = np.empty((len(labels), RECORD), np.uint8)
    records[:, 0] = labels
    records[:, 1:] = images.transpose(0, 3, 1, 2).reshape(len(labels), -1)
    records.tofile(file)

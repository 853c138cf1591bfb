"""Makes small data sets in the formats that finetune-cifar reads, and what torchvision and Pillow
read from them, for its tests. Run: python make_data_fixtures.py [--out DIR]

cifar-10-python.tar.gz and its three sisters hold a few images in the layouts of
https://www.cs.toronto.edu/~kriz/cifar.html; the pickles are of protocol 2 with Python 2's byte
strings, as the published ones are. mnist/ has IDX files, pictures/ has PNGs and JPEGs in a folder a
class. expected.json has names, labels, and the SHA-256 of all pixels (uint8 [images, height, width,
3]); squares/PICTURE.SIZE.npy is the middle of a picture as Pillow scales it.

--repack FOLDER writes a whole folder of CIFAR-10's binary version as the Python version, folder and
.tar.gz, into DIR: for a check by hand.
"""
import argparse
import gzip
import hashlib
import io
import json
import pathlib
import pickle
import struct
import tarfile
import tempfile

import numpy as np
import torchvision
from PIL import Image
from torchvision.datasets.mnist import read_image_file, read_label_file

from cifar import read_names, read_split

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures/data"


class Python2Pickler(pickle._Pickler):
    """Writes texts and bytes as Python 2's str."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_python2(self, obj):
        content = obj.encode("latin1") if isinstance(obj, str) else obj
        if len(content) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(content)]) + content)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(obj)

    dispatch[str] = dispatch[bytes] = save_python2


def python2_pickle(obj):
    out = io.BytesIO()
    Python2Pickler(out, protocol=2).dump(obj)
    # As NumPy was called then.
    return out.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def make_images(rng, count):
    """Smooth, so that they pack well; every row, column and channel differs."""
    y, x, c = np.mgrid[0:32, 0:32, 0:3]
    a, b, d = rng.integers(1, 8, (3, count, 1, 1, 1))
    return ((a * y + b * x + 60 * d * c) % 256).astype(np.uint8)


def planes(images):
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def write_tar(file, folder, files):
    with gzip.GzipFile(file, "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        directory = tarfile.TarInfo(folder)
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(directory)
        for name, content in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def python_batches(splits, names):
    files = {
        name: python2_pickle({"batch_label": f"batch {name}", "labels": [int(v) for v in labels],
                              "data": planes(images), "filenames": [f"{name}_{i}.png" for i in range(len(labels))]})
        for name, (images, labels) in splits.items()}
    files["batches.meta"] = python2_pickle({"num_cases_per_batch": 2, "label_names": names, "num_vis": 3072})
    # The published archive's order.
    order = ["data_batch_4", "test_batch", "data_batch_3", "batches.meta", "data_batch_2", "data_batch_5",
             "data_batch_1"]
    return {"readme.html": b"<html></html>"} | {name: files[name] for name in order if name in files}


def records(images, *labels):
    return np.concatenate([np.stack(labels, 1).astype(np.uint8), planes(images)], 1).tobytes()


def describe(images, labels):
    images = np.ascontiguousarray(images)
    assert images.dtype == np.uint8 and images.ndim == 4
    return {"shape": images.shape, "labels": [int(v) for v in labels], "sha256": hashlib.sha256(images).hexdigest()}


def with_torchvision(kind, root):
    """What torchvision reads; its own check is for the published files only."""
    class Unchecked(kind):
        def _check_integrity(self):
            return True

        def _load_meta(self):
            with open(pathlib.Path(self.root, self.base_folder, self.meta["filename"]), "rb") as file:
                self.classes = pickle.load(file, encoding="latin1")[self.meta["key"]]

    train, test = Unchecked(root, train=True), Unchecked(root, train=False)
    return {"names": train.classes, "train": describe(train.data, train.targets),
            "test": describe(test.data, test.targets)}


def unpack(archive, to):
    with tarfile.open(archive) as tar:
        tar.extractall(to, filter="data")


def make_cifar10(out, scratch, rng):
    names = read_names(pathlib.Path(__file__).parents[1] / "sample/vehicles") + ["a name"]
    splits = {f"data_batch_{i}": (make_images(rng, 2), rng.integers(0, 5, 2)) for i in range(1, 6)}
    splits["test_batch"] = (make_images(rng, 3), [4, 0, 2])
    write_tar(out / "cifar-10-python.tar.gz", "cifar-10-batches-py", python_batches(splits, names))
    binary = {f"{name}.bin": records(images, labels) for name, (images, labels) in splits.items()}
    text = "".join(f"{name}\n" for name in names) + "\n"
    write_tar(out / "cifar-10-binary.tar.gz", "cifar-10-batches-bin", {"batches.meta.txt": text.encode()} | binary)
    unpack(out / "cifar-10-python.tar.gz", scratch)
    return with_torchvision(torchvision.datasets.CIFAR10, scratch)


def make_cifar100(out, scratch, rng):
    fine, coarse = [f"fine_{i}" for i in range(100)], [f"coarse_{i}" for i in range(20)]
    files, binary = {}, {}
    for name, count in (("train", 9), ("test", 4)):
        images, labels, groups = make_images(rng, count), rng.integers(0, 100, count), rng.integers(0, 20, count)
        files[name] = python2_pickle({
            "filenames": [f"{i}.png" for i in range(count)], "batch_label": f"{name} batch 1 of 1",
            "fine_labels": labels.tolist(), "coarse_labels": groups.tolist(),
            # Columns first, which NumPy may pickle too.
            "data": np.asfortranarray(planes(images)) if name == "test" else planes(images)})
        binary[f"{name}.bin"] = records(images, groups, labels)
    files["meta"] = python2_pickle({"fine_label_names": fine, "coarse_label_names": coarse})
    write_tar(out / "cifar-100-python.tar.gz", "cifar-100-python", files)
    for name, names in (("fine", fine), ("coarse", coarse)):
        binary[f"{name}_label_names.txt"] = "".join(f"{n}\n" for n in names).encode()
    write_tar(out / "cifar-100-binary.tar.gz", "cifar-100-binary", binary)
    unpack(out / "cifar-100-python.tar.gz", scratch)
    return with_torchvision(torchvision.datasets.CIFAR100, scratch)


def make_mnist(out, rng):
    """Images that are not square, to tell rows from columns; torchvision reads any size."""
    out.mkdir(exist_ok=True)
    expected = {"names": [str(i) for i in range(10)]}
    for split, key, count in (("train", "train", 7), ("t10k", "test", 3)):
        y, x = np.mgrid[0:6, 0:5]
        images = (rng.integers(0, 200, (count, 1, 1)) + 9 * y + x).astype(np.uint8)
        contents = {
            f"{split}-images-idx3-ubyte": struct.pack(">iiii", 0x803, *images.shape) + images.tobytes(),
            f"{split}-labels-idx1-ubyte": struct.pack(">ii", 0x801, count) + bytes(rng.integers(0, 10, count).tolist())}
        for name, content in contents.items():
            (out / name).write_bytes(content)
        pixels = read_image_file(str(out / f"{split}-images-idx3-ubyte")).numpy()
        labels = read_label_file(str(out / f"{split}-labels-idx1-ubyte")).numpy()
        expected[key] = describe(np.repeat(pixels[..., None], 3, axis=3), labels)
        if split == "t10k":  # packed, as published; the others with a dot, as some unpack them
            for name, content in contents.items():
                (out / name).unlink()
                (out / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            for name in contents:
                (out / name).rename(out / name.replace("-idx", ".idx"))
    return expected


def make_pictures(out, squares, rng):
    """A few pictures of each kind, and their middles at two sizes."""
    squares.mkdir(exist_ok=True)
    sizes = {"cats/wide.png": (41, 23), "cats/tall.png": (19, 37), "cats/square.PNG": (64, 64),
             "dogs/gray.png": (30, 50), "dogs/palette.png": (33, 20), "dogs/deeper/clear.png": (21, 22),
             "emus/photo.jpg": (90, 61), "emus/gray.jpeg": (40, 40), "emus/small.png": (3, 2)}
    for name, (width, height) in sizes.items():
        y, x, c = np.mgrid[0:height, 0:width, 0:3]
        wave = np.sin(x / rng.uniform(2, 6) + c) + np.cos(y / rng.uniform(2, 6) - c)
        pixels = np.clip(127 + 55 * wave + rng.normal(0, 6, wave.shape), 0, 255).astype(np.uint8)
        image = Image.fromarray(pixels)
        if "gray" in name:
            image = image.convert("L")
        if "palette" in name:
            image = image.quantize(16)
        if "clear" in name:
            image.putalpha(Image.fromarray(pixels[..., 0]))
        file = out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file, **({"quality": 90} if name.endswith(("jpg", "jpeg")) else {}))
        with Image.open(file) as stored:
            rgb, side = stored.convert("RGB"), min(stored.size)
            left, top = (stored.width - side) / 2, (stored.height - side) / 2
            for size in (16, 40):
                square = rgb.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
                np.save(squares / f"{file.name}.{size}.npy", np.asarray(square))
    (out / "cats/notes.txt").write_text("no picture\n")
    folder = torchvision.datasets.ImageFolder(out)
    return {"names": folder.classes,
            "files": [[str(pathlib.Path(file).relative_to(out)), label] for file, label in folder.samples]}


def repack(source, out):
    out.mkdir(parents=True, exist_ok=True)
    images, labels = read_split(source, True)
    splits = {}
    for i in range(5):
        part = slice(i * len(labels) // 5, (i + 1) * len(labels) // 5)
        splits[f"data_batch_{i + 1}"] = images[part], labels[part]
    splits["test_batch"] = read_split(source, False)
    write_tar(out / "cifar-10-python.tar.gz", "cifar-10-batches-py", python_batches(splits, read_names(source)))
    unpack(out / "cifar-10-python.tar.gz", out)
    print(json.dumps(with_torchvision(torchvision.datasets.CIFAR10, out), default=str)[-200:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument("--repack", type=pathlib.Path)
    args = parser.parse_args()
    if args.repack:
        repack(args.repack, args.out)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(10)
    with tempfile.TemporaryDirectory() as scratch:
        expected = {"cifar10": make_cifar10(args.out, scratch, rng), "cifar100": make_cifar100(args.out, scratch, rng)}
    expected["mnist"] = make_mnist(args.out / "mnist", rng)
    expected["pictures"] = make_pictures(args.out / "pictures", args.out / "squares", rng)
    (args.out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{sum(f.stat().st_size for f in args.out.rglob('*') if f.is_file())} bytes in {args.out.name}/")


if __name__ == "__main__":
    main()

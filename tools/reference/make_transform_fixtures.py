"""Makes the fixtures of the tests of image transforms, with timm's own evaluation transform on images
of every kind. Run: python make_transform_fixtures.py [PHOTO ...]

mixer-core: transforms/IMAGE.png, and cases.csv with a line for each case: the image, the mode
(CENTER_CROP or SQUASH), crop_pct, the interpolation, the size, and the SHA-256 of the transformed
image (uint8 [size, size, 3]). IMAGE.MODE.INTERPOLATION.npy are the transformed images of the smaller size.

weight-import: transforms/logits.npy, [images, classes]: timm's logits of the weights square.pth for
photo_wide.png, photo_tall.png and gray.png beside it, transformed and normalised by timm.

The photos are images of tools/sample, enlarged. PHOTO names others that are taken in as they are, as
photo_0.png and so on: for a check by hand, not for the repository.
"""
import argparse
import csv
import hashlib
import json
import pathlib
import shutil

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform

from mixers import Geometry, load_state, timm_mixer

ROOT = pathlib.Path(__file__).parents[2]
CORE = ROOT / "mixer-core/src/test/resources/fixtures/transforms"
WEIGHTS = ROOT / "weight-import/src/test/resources/fixtures"
SMALL = 24
TRANSFORMS = [("CENTER_CROP", 0.875, "bicubic"), ("CENTER_CROP", 0.875, "bilinear"), ("CENTER_CROP", 0.9, "bicubic"),
              ("SQUASH", 1.0, "bicubic"), ("SQUASH", 1.0, "bilinear")]


def waves(rng, width, height):
    """Smooth with some noise, up to black and white."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    wave = np.sin(x / rng.uniform(2, 6) + c) + np.cos(y / rng.uniform(2, 6) - c)
    return np.clip(127 + 80 * wave + rng.normal(0, 6, wave.shape), 0, 255).astype(np.uint8)


def make_images(rng):
    sample = ROOT / "tools/sample/images"
    def photo(name, size):
        return Image.open(sample / name).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    images = {"photo_wide": photo("ship.png", (121, 83)), "photo_tall": photo("truck.png", (67, 113)),
              "photo_tiny": photo("airplane.png", (19, 13)), "checks": Image.fromarray(
                  (np.indices((31, 40)).sum(0) % 2 * 255).astype(np.uint8)).convert("RGB"),
              "line": Image.fromarray(waves(rng, 90, 1)), "pixel": Image.new("RGB", (1, 1), (1, 128, 255)),
              "square": Image.fromarray(waves(rng, 24, 24)), "resized": Image.fromarray(waves(rng, 30, 27))}
    colours = Image.fromarray(waves(rng, 45, 38))
    images["gray"] = colours.convert("L")
    images["bits"] = colours.convert("1")
    images["palette"] = colours.quantize(16)
    for name, source in (("alpha", colours), ("gray_alpha", images["gray"])):
        images[name] = source.copy()
        images[name].putalpha(Image.fromarray(waves(rng, 45, 38)[..., 0]))
    return images


def transform(mode, fraction, interpolation, size, **options):
    return create_transform((3, size, size), is_training=False, crop_pct=fraction, interpolation=interpolation,
                            crop_mode={"CENTER_CROP": "center", "SQUASH": "squash"}[mode], **options)


def cases(name):
    with Image.open(CORE / f"{name}.png") as stored:
        image = stored.convert("RGB")  # as timm's datasets do
    for size in (SMALL, 224):
        for mode, fraction, interpolation in TRANSFORMS:
            # uint8 [3, size, size], not yet normalised
            pixels = transform(mode, fraction, interpolation, size, use_prefetcher=True)(image)
            pixels = np.ascontiguousarray(np.asarray(pixels).transpose(1, 2, 0))
            assert pixels.shape == (size, size, 3) and pixels.dtype == np.uint8
            if size == SMALL and fraction != 0.9:
                np.save(CORE / f"{name}.{mode}.{interpolation.upper()}.npy", pixels)
            yield name, mode, fraction, interpolation.upper(), size, hashlib.sha256(pixels).hexdigest()


def logits(names):
    geometry = Geometry(**json.loads((WEIGHTS / "square.json").read_text()))
    model = timm_mixer(geometry)
    model.load_state_dict(load_state(WEIGHTS / "square.pth"))
    model.eval()
    # The figures of timm's mixer_b16_224.goog_in21k_ft_in1k.
    prepare = transform("CENTER_CROP", 0.875, "bicubic", geometry.image_size, mean=(0.5,) * 3, std=(0.5,) * 3)
    images = [prepare(Image.open(CORE / f"{name}.png").convert("RGB")) for name in names]
    with torch.no_grad():
        return model(torch.stack(images)).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", metavar="PHOTO")
    args = parser.parse_args()
    CORE.mkdir(parents=True, exist_ok=True)
    images = make_images(np.random.default_rng(12))
    images |= {f"photo_{i}": Image.open(photo).convert("RGB") for i, photo in enumerate(args.photos)}
    for name, image in images.items():
        image.save(CORE / f"{name}.png", optimize=True)
    with open(CORE / "cases.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for name in images:
            writer.writerows(cases(name))
    out = WEIGHTS / "transforms"
    out.mkdir(exist_ok=True)
    names = ["photo_wide", "photo_tall", "gray"]
    for name in names:
        shutil.copy(CORE / f"{name}.png", out)
    np.save(out / "logits.npy", logits(names))
    for folder in (CORE, out):
        print(f"{sum(f.stat().st_size for f in folder.iterdir())} bytes in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

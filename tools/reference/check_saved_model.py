"""Loads a SavedModel with TensorFlow for Python, runs its signatures on images and compares with timm.
Run: python check_saved_model.py MODEL WEIGHTS IMAGE [IMAGE ...] [--transform TEXT]     (needs torch, timm, tensorflow)

MODEL is a folder that `finetune-cifar export --transform TEXT` wrote from WEIGHTS, timm's .safetensors or .pth (other
files: `import-weights convert` writes .safetensors). timm's transform, or Pillow's resize of the middle square where
TEXT is fit, prepares each IMAGE, a JPEG or PNG of any size, for timm's model of the same weights. `normalized` gets
those very numbers, `images` the pixels as Pillow decodes them, `image_bytes` and `serving_default` all files in one
batch. `--inputs X.npy --expected Y.npy` compares logits of normalised images with known ones too. Exit code 1 where
the most probable class differs, or logits by more than 1e-4 (normalized) or 2e-2 (images), times the largest.
"""
import argparse
import sys

import numpy as np
import tensorflow as tf
import torch
from PIL import Image
from timm.data import create_transform

from mixers import load_state, timm_geometry, timm_logits, timm_mixer


def prepare(image, text, size):
    """The levels, uint8 [size, size, 3], that the transform of a text makes of an image."""
    if text == "fit":
        x, y = ((side - min(image.size)) / 2 for side in image.size)
        box = (x, y, x + min(image.size), y + min(image.size))
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box))
    mode, *fraction, interpolation = text.split()
    transform = create_transform((3, size, size), interpolation=interpolation, normalize=False,
                                 crop_pct=float(fraction[0]) if fraction else 1.0,
                                 crop_mode={"center-crop": "center", "squash": "squash"}[mode])
    levels = torch.as_tensor(transform(image))
    return levels.permute(1, 2, 0).numpy().astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("weights")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--transform", default="fit")
    parser.add_argument("--mean", type=float, default=0.5)
    parser.add_argument("--std", type=float, default=0.5)
    parser.add_argument("--inputs")
    parser.add_argument("--expected")
    args = parser.parse_args()

    state = load_state(args.weights)
    geometry = timm_geometry(state)
    model = timm_mixer(geometry)
    model.load_state_dict(state, strict=True)
    photos = [Image.open(image).convert("RGB") for image in args.images]
    levels = np.stack([prepare(photo, args.transform, geometry.image_size) for photo in photos])
    normalized = ((levels.astype(np.float32) / 255 - args.mean) / args.std).astype(np.float32)
    wanted = timm_logits(model, normalized)

    loaded = tf.saved_model.load(args.model)
    run = loaded.signatures
    print("variables", len(loaded.variables), "signatures", *sorted(run))
    fine = True

    def check(what, found, reference, bound):
        nonlocal fine
        difference = np.abs(found - reference).max()
        largest = max(1, np.abs(reference).max())
        same = np.array_equal(found.argmax(1), reference.argmax(1))
        holds = same and difference <= bound * largest
        fine &= bool(holds)
        print("ok  " if holds else "FAIL", f"{what}: {len(found)} images, max logit difference {difference:.2e} of",
              f"{largest:.3g}, top 1", "the same" if same else "DIFFERENT")

    check("normalized", run["normalized"](normalized=tf.constant(normalized))["logits"].numpy(), wanted, 1e-4)
    pixels = [np.asarray(photo, np.float32)[None] for photo in photos]
    single = np.concatenate([run["images"](images=tf.constant(p))["logits"].numpy() for p in pixels])
    check("images", single, wanted, 2e-2)
    files = tf.constant([open(image, "rb").read() for image in args.images])
    outputs = {name: value.numpy() for name, value in run["image_bytes"](image_bytes=files).items()}
    check("image_bytes", outputs["logits"], wanted, 2e-2)
    check("image_bytes against images", outputs["logits"], single, 1e-5)  # decoded as Pillow does
    shares = torch.softmax(torch.from_numpy(outputs["logits"]), 1).numpy()
    others = {
        "probabilities are the softmax": np.allclose(outputs["probabilities"], shares, atol=1e-6),
        f"classes {[name.decode() for name in outputs['classes']]}": outputs["classes"].shape == (len(photos),),
        "features": outputs["features"].shape == (len(photos), geometry.hidden_size),
    }
    (name,) = run["serving_default"].structured_input_signature[1]
    if name == "image_bytes":
        default = run["serving_default"](image_bytes=files)["logits"].numpy()
        others["serving_default as image_bytes"] = np.array_equal(default, outputs["logits"])
    for what, holds in others.items():
        fine &= bool(holds)
        print("ok  " if holds else "FAIL", what)
    if args.inputs:
        x = np.load(args.inputs)
        check("normalized, known", run["normalized"](normalized=tf.constant(x))["logits"].numpy(),
              np.load(args.expected), 1e-4)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

"""Reads what import-weights writes with the framework that owns each format, and compares tensors and logits.
Run: python check_targets.py SOURCE X.npy     (SOURCE: an .npz with Flax's names; needs torch, timm, flax, tensorflow)

SOURCE is converted to .safetensors, .npz, a TensorFlow checkpoint and a SavedModel by ../import-weights. Then
timm loads the first strictly, Flax the second, tf.train.load_checkpoint the third and tf.saved_model.load the fourth.
X.npy holds normalised images, float32 [N, H, W, 3]. The last line says whether all agree; exit code 1 where not.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from flax_mixer import flax_logits
from mixers import load_state, timm_geometry, timm_logits, timm_mixer, to_timm

IMPORT_WEIGHTS = pathlib.Path(__file__).parents[1] / "import-weights"


def convert(source, target, *options):
    subprocess.run([IMPORT_WEIGHTS, "convert", source, "-o", target, *options], check=True,
                   stdout=subprocess.DEVNULL)
    return target


def same(found, wanted):
    return set(found) == set(wanted) and all(
        found[k].dtype == wanted[k].dtype and np.array_equal(found[k], wanted[k]) for k in wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    args = parser.parse_args()
    images = np.load(args.images)
    original = dict(np.load(args.source))
    checks = {}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)

        state = load_state(convert(args.source, out / "a.safetensors"))
        wanted = {name: value.numpy() for name, value in to_timm(original).items()}
        checks["safetensors: tensors"] = same({k: v.numpy() for k, v in state.items()}, wanted)
        geometry = timm_geometry(state)
        model = timm_mixer(geometry)
        model.load_state_dict(state, strict=True)
        by_timm = timm_logits(model, images)

        npz = dict(np.load(convert(args.source, out / "a.npz")))
        checks["npz: tensors"] = same(npz, original)
        by_flax = flax_logits(geometry, original, images)
        checks["npz: Flax's logits"] = np.array_equal(flax_logits(geometry, npz, images), by_flax)

        import tensorflow as tf
        reader = tf.train.load_checkpoint(str(convert(args.source, out / "a.ckpt")))
        found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
        checks["TensorFlow checkpoint: tensors"] = same(found, original)

        for gelu, reference in (("tanh", by_flax), ("erf", by_timm)):
            folder = convert(args.source, out / f"model-{gelu}", "--to", "saved-model", "--gelu", gelu)
            model = tf.saved_model.load(str(folder))
            logits = model.signatures["serving_default"](normalized=tf.constant(images))["logits"].numpy()
            difference = np.abs(logits - reference).max() / max(1, np.abs(reference).max())
            checks[f"SavedModel, GELU {gelu}: logits differ by {difference:.1e}"] = difference < 2e-5
            checks[f"SavedModel, GELU {gelu}: {len(original)} variables"] = len(model.variables) == len(original)

    for check, holds in checks.items():
        print("ok  " if holds else "FAIL", check)
    sys.exit(0 if all(checks.values()) else 1)


if __name__ == "__main__":
    main()

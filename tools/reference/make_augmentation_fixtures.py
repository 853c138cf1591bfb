"""Makes the fixtures of finetune-cifar's tests of augmentation and loss, with TensorFlow, timm and
PyTorch. Run: python make_augmentation_fixtures.py [--out DIR]

crops/NAME_pixels.npy    [boxes, height, width, 3], whole numbers 0..255 as float32
crops/NAME_boxes.npy     [boxes, 5]: top, left, height, width, and 1 for a mirrored image
crops/NAME_resized.npy   [boxes, size, size, 3]: tf.image.resize of the box's slice
crops/sampled_HxW.npy    [rows, 3]: of 100,000 boxes of tf.image's sampling for images of H x W, the
                         share (third column) whose statistic (first: its number in STATISTICS) is
                         at most a value (second)
loss/logits.npy, labels.npy, and for each of CASES, in their order,
loss/targets.npy, losses.npy, gradients.npy: timm's mixed and smoothed targets, PyTorch's loss for
                         them and its gradient with respect to the logits
"""
import argparse
import pathlib

import numpy as np
import tensorflow as tf
import torch
from timm.data.mixup import mixup_target

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures"
DRAWS = 100_000
SAMPLED = [(32, 32), (20, 45), (5, 3)]
STATISTICS = ["height", "width", "top", "left", "area", "aspect"]
CASES = [(0.0, 1.0), (0.1, 1.0), (0.3, 1.0), (0.0, 0.7), (0.1, 0.7)]  # smoothing, mixup's lambda


def random_boxes(rng, height, width, count):
    """The whole image, each corner's pixel, each border's line, then any boxes."""
    boxes = [(0, 0, height, width), (0, 0, 1, 1), (height - 1, width - 1, 1, 1),
             (0, width - 1, height, 1), (height - 1, 0, 1, width)]
    while len(boxes) < count:
        top, left = rng.integers(0, height), rng.integers(0, width)
        boxes.append((top, left, rng.integers(1, height - top + 1), rng.integers(1, width - left + 1)))
    return np.array(boxes)


def crops(rng, height, width, size, count):
    pixels = rng.integers(0, 256, (count, height, width, 3)).astype(np.uint8)
    boxes = random_boxes(rng, height, width, count)
    flips = rng.integers(0, 2, count)
    resized = []
    for image, (top, left, h, w), flip in zip(pixels, boxes, flips):
        crop = tf.image.resize(tf.slice(image, [top, left, 0], [h, w, 3]), [size, size])
        resized.append(tf.image.flip_left_right(crop) if flip else crop)
    return pixels, np.concatenate([boxes, flips[:, None]], axis=1), np.stack(resized)


def sample(height, width):
    """Boxes as vision_transformer's input pipeline draws them: [DRAWS, 4]."""
    def draw(i):
        begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
            [height, width, 3], tf.zeros([0, 0, 4]), seed=[i, 1409], min_object_covered=0.0,
            area_range=(0.05, 1.0), use_image_if_no_bounding_boxes=True)
        return tf.concat([begin[:2], size[:2]], 0)
    run = tf.function(lambda: tf.map_fn(draw, tf.range(DRAWS), fn_output_signature=tf.int32))
    return run().numpy()


def distribution(boxes):
    top, left, height, width = boxes.T.astype(np.float64)
    rows = []
    for number, values in enumerate([height, width, top, left, height * width, width / height]):
        cuts = np.quantile(values, np.linspace(0, 1, 21), method="inverted_cdf")
        for cut in np.unique(cuts):
            rows.append((number, cut, np.mean(values <= cut)))
    return np.array(rows)


def losses(rng, classes=7, batch=6):
    logits = rng.normal(0, 3, (batch, classes)).astype(np.float32)
    labels = rng.integers(0, classes, batch)
    found = []
    for smoothing, share in CASES:
        targets = mixup_target(torch.from_numpy(labels), classes, share, smoothing)
        x = torch.from_numpy(logits).requires_grad_()
        loss = torch.nn.CrossEntropyLoss()(x, targets)
        loss.backward()
        if share == 1:  # PyTorch's own smoothing is the same
            own = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(x, torch.from_numpy(labels))
            assert abs(own.item() - loss.item()) < 1e-6
        found.append((targets.numpy(), loss.item(), x.grad.numpy()))
    return logits, labels, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    rng = np.random.default_rng(1409)
    arrays = {}
    for name, case in {"up": (12, 17, 20, 8), "down": (25, 19, 7, 8), "same": (10, 10, 10, 7)}.items():
        pixels, boxes, resized = crops(rng, *case)
        arrays[f"crops/{name}_pixels"] = pixels
        arrays[f"crops/{name}_boxes"] = boxes
        arrays[f"crops/{name}_resized"] = resized
    for height, width in SAMPLED:
        arrays[f"crops/sampled_{height}x{width}"] = distribution(sample(height, width))
    logits, labels, found = losses(rng)
    arrays |= {"loss/logits": logits, "loss/labels": labels}
    for name, values in zip(("targets", "losses", "gradients"), zip(*found)):
        arrays[f"loss/{name}"] = np.array(values)
    for name, values in arrays.items():
        file = out / f"{name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, values.astype(np.float32))
        print(f"{file.stat().st_size:7} bytes {name}")


if __name__ == "__main__":
    main()

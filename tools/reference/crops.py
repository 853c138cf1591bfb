"""Inception crops: boxes of random size, shape and place, as tf.image.sample_distorted_bounding_box
draws them without bounding boxes, and their resizing.

A module for the scripts beside it; nothing to run.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

AREA, ASPECT, ATTEMPTS = (0.05, 1.0), (0.75, 1.33), 100


def inception_box(rng, image_height, image_width):
    """Top, left, height and width in pixels."""
    least, most = (share * image_height * image_width for share in AREA)
    for _ in range(ATTEMPTS):
        aspect = rng.uniform(*ASPECT)
        height = draw_height(rng, aspect, least, most, image_height, image_width)
        # Rounding may have left the range of areas: one pixel of height more or less gets back.
        if height * width_of(height, aspect) < least:
            height += 1
        if height * width_of(height, aspect) > most:
            height -= 1
        width = width_of(height, aspect)
        if 0 < width <= image_width and 0 < height <= image_height and least <= height * width <= most:
            return draw_offset(rng, image_height - height), draw_offset(rng, image_width - width), height, width
    return 0, 0, image_height, image_width


def draw_height(rng, aspect, least, most, image_height, image_width):
    """Heights, not areas, are equally likely."""
    lowest = int(np.rint(math.sqrt(least / aspect)))
    highest = min(int(np.rint(math.sqrt(most / aspect))), image_height)
    while width_of(highest, aspect) > image_width:
        highest -= 1
    return int(rng.integers(lowest, highest + 1)) if lowest < highest else highest


def width_of(height, aspect):
    return int(np.rint(height * aspect))


def draw_offset(rng, room):
    """Never the last place there is: TensorFlow's sampling leaves it out."""
    return int(rng.integers(room)) if room else 0


def resize(x, size):
    """[N, C, H, W] to [N, C, size, size], as tf.image.resize: half-pixel centres, no antialiasing."""
    return F.interpolate(x, (size, size), mode="bilinear", align_corners=False, antialias=False)


def crop_and_resize(x, boxes, size):
    """Each image's own box of [N, C, H, W]; pixels beside the box have no influence."""
    return torch.cat([resize(x[i:i + 1, :, top:top + height, left:left + width], size)
                      for i, (top, left, height, width) in enumerate(boxes)])

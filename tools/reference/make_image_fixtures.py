"""Makes the fixtures of the tests that read images: small JPEG and PNG files of every color space and orientation.
Run: python make_image_fixtures.py [--out DIR]

NAME.jpg or NAME.png is a file, NAME.expected.png what Pillow reads from it: ImageOps.exif_transpose, then convert("RGB").
"""
import argparse
import io
import pathlib

import numpy as np
from PIL import Image, ImageOps

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "mixer-core/src/test/resources/fixtures/images"
ORIENTATION = 0x0112
EVERY_COLOR = {"quality": 95, "subsampling": 0}  # readers differ in how they enlarge the colors


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **EVERY_COLOR, **options)
    return out.getvalue()


def adobe(data):
    """The place of the Adobe marker's segment."""
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    return at, at + 16


def without_adobe(data):
    start, end = adobe(data)
    return data[:start] + data[end:]


def with_transform(data, transform):
    end = adobe(data)[1]
    return data[:end - 1] + bytes([transform]) + data[end:]


def exif(orientation, order):
    entry = Image.Exif()
    entry.endian = order
    entry[ORIENTATION] = orientation
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[0:30, 0:44]
    rgb = Image.fromarray(np.stack([40 + 4 * x, 30 + 6 * y, 220 - 3 * x - 2 * y], -1).clip(0, 255).astype(np.uint8))
    inks = np.asarray(rgb.convert("CMYK")).copy()
    inks[..., 3] = 2 * (x + y) // 3
    cmyk = jpeg(Image.fromarray(inks, "CMYK"))
    files = {
        "gray.jpg": jpeg(rgb.convert("L")), "rgb_stored.jpg": jpeg(rgb, keep_rgb=True),
        "cmyk_no_black.jpg": jpeg(rgb.convert("CMYK")), "cmyk.jpg": cmyk, "cmyk_not_adobe.jpg": without_adobe(cmyk),
        "ycck.jpg": with_transform(cmyk, 2),
    }
    for orientation in range(9):
        files[f"orientation_{orientation}.jpg"] = jpeg(rgb, exif=exif(orientation, "<" if orientation % 2 else ">"))
    files["cmyk_orientation_6.jpg"] = jpeg(Image.fromarray(inks, "CMYK"), exif=exif(6, ">"))
    for name, image in {"gray": rgb.convert("L"), "palette": rgb.quantize(16), "bits": rgb.convert("1"),
                        "alpha": rgb.convert("RGBA")}.items():
        data = io.BytesIO()
        image.save(data, "PNG", exif=exif(8, "<"))
        files[f"{name}_orientation_8.png"] = data.getvalue()
    for name, data in files.items():
        (out / name).write_bytes(data)
        ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB").save(
            out / f"{pathlib.Path(name).stem}.expected.png")


if __name__ == "__main__":
    main()

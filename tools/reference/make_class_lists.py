"""Makes the class lists that weight-import ships, one class a line in the order of the logits, from
the tables in timm (Apache-2.0): its synsets give the order, its lemmas, which are WordNet's, the names.
Run: python make_class_lists.py [--out DIR]
"""
import argparse
import pathlib

import timm.data

LISTS = {
    "imagenet-1k": "imagenet-1k",
    "imagenet-21k": "imagenet-21k-goog",  # two classes more than the fall 2011 release
    "imagenet-21k-p": "imagenet-21k-miil",  # arXiv 2104.10972
}
DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "weight-import/src/main/resources/dev/mixer4j/weights/published"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, subset in LISTS.items():
        classes = timm.data.ImageNetInfo(subset).label_descriptions()
        assert all(c and c == c.strip() and "\n" not in c for c in classes)
        (out / f"{name}.txt").write_text("".join(c + "\n" for c in classes), encoding="utf-8")
        print(f"{name}: {len(classes)} classes with timm {timm.__version__}")


if __name__ == "__main__":
    main()

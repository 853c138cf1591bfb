"""Prints the scalars of a run as TensorBoard itself reads them, for comparison with metrics.csv.
Run: python read_events.py RUN/tensorboard

One line a value: folder, tag, step, value.
"""
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main():
    root = pathlib.Path(sys.argv[1])
    for folder in sorted({file.parent for file in root.rglob("*tfevents*")}):
        events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                print(folder.relative_to(root), tag, event.step, f"{event.value:.6g}")


if __name__ == "__main__":
    main()

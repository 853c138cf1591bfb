"""Makes the scores and scikit-learn's metrics of them that finetune-cifar's MetricsTest compares with.
Run: python make_metrics_fixture.py [--out DIR]

Each case is one JSON file: labels, scores (as float32), their kind, and what scikit-learn says;
the calibration error is torchmetrics'.
Two things are ours and defined here: of equal scores the first class comes first in the top 5 too
(scikit-learn has the last come first, so it gets the classes in reverse), and the macro averages of
the ROC curves leave out classes that have none.
"""
import argparse
import json
import pathlib
import warnings

import numpy as np
import torch
from scipy.special import log_softmax, softmax
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_calibration_error

DEFAULT_OUT = pathlib.Path(__file__).parents[2] / "finetune-cifar/src/test/resources/fixtures/metrics"


def noisy_logits(rng, labels, classes, signal):
    logits = rng.normal(0, 1.5, (len(labels), classes))
    logits[np.arange(len(labels)), labels] += signal
    return np.round(logits, 2).astype(np.float32)


def roc(truth, scores):
    fpr, tpr, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
    return fpr, tpr


def number(value):
    return None if np.isnan(value) else float(value)


def auc(fpr, tpr):
    return None if np.isnan([*fpr, *tpr]).any() else metrics.auc(fpr, tpr)


def expected(labels, scores, kind):
    classes = scores.shape[1]
    every = np.arange(classes)
    scores64 = scores.astype(np.float64)
    if kind == "logits":
        probabilities = softmax(scores64, axis=1)
        loss = -log_softmax(scores64, axis=1)[np.arange(len(labels)), labels].mean()
    else:
        probabilities = scores64
        loss = metrics.log_loss(labels, probabilities, labels=every)
    predicted = scores.argmax(1)
    one_hot = np.eye(classes, dtype=int)[labels]
    curves = [roc(one_hot[:, c], probabilities[:, c]) for c in every]
    defined = [curve for curve in curves if not np.isnan(np.concatenate(curve)).any()]
    grid = np.linspace(0, 1, 1000)
    mean = np.mean([np.interp(grid, *curve) for curve in defined] or [grid * np.nan], axis=0)
    micro = roc(one_hot.ravel(), probabilities.ravel())

    def prf(average):
        values = metrics.precision_recall_fscore_support(
            labels, predicted, labels=every, average=average, zero_division=0)
        return [np.asarray(value).tolist() for value in values if value is not None]

    calibration_error = multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(labels), num_classes=classes, n_bins=15, norm="l1")
    return {
        "calibration_error": calibration_error.item(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "top5": 1.0 if classes <= 5 else metrics.top_k_accuracy_score(
            classes - 1 - labels, scores[:, ::-1], k=5, labels=every),
        "loss": float(loss),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=every).tolist(),
        "classes": prf(None), "macro": prf("macro"), "weighted": prf("weighted"),
        "auc": [auc(*curve) for curve in curves],
        "auc_mean": number(np.mean([auc(*curve) for curve in defined])),
        "auc_micro": auc(*micro), "auc_macro": auc(grid, mean),
        "curve_of_class_0": [[number(rate) for rate in rates] for rates in curves[0]],
        "macro_every_111th": [number(rate) for rate in mean[::111]],
    }


def cases(rng):
    labels = rng.integers(0, 10, 120)
    yield "ten_classes", "logits", labels, noisy_logits(rng, labels, 10, 2)
    labels = rng.integers(0, 2, 50)
    yield "two_classes", "logits", labels, noisy_logits(rng, labels, 2, 1)
    # Few levels, so that most images tie with others, and classes within an image; every other image
    # is guessed, so that the label is at any place.
    labels = rng.integers(0, 7, 80)
    signal = np.arange(80)[:, None] % 2
    eighths = np.minimum(rng.integers(0, 6, (80, 7)) + 2 * np.eye(7, dtype=int)[labels] * signal, 8)
    yield "ties", "probabilities", labels, (eighths / 8).astype(np.float32)
    # No image is of class 3, though some are taken for it; class 5 is in neither.
    labels = rng.choice([0, 1, 2, 4], 60)
    logits = noisy_logits(rng, labels, 6, 1.5)
    logits[:, 5] -= 20
    yield "absent_classes", "logits", labels, logits
    yield "one_class_only", "logits", np.full(9, 1), noisy_logits(rng, np.full(9, 1), 3, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT_OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")  # of classes that have no curve
    for name, kind, labels, scores in cases(np.random.default_rng(7)):
        case = {"kind": kind, "labels": labels.tolist(),
                "scores": [[float(str(value)) for value in row] for row in scores],
                "expected": expected(labels, scores, kind)}
        (out / f"{name}.json").write_text(json.dumps(case) + "\n")
    print(f"{sum(file.stat().st_size for file in out.iterdir())} bytes in {out.name}/")


if __name__ == "__main__":
    main()

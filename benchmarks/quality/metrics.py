"""How good probabilities of classes are, by gold labels."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from sklearn.metrics import f1_score

TIE = 1e-6  # peers compute in single precision
LEAST_PROBABILITY = 1e-6
N_BINS = 15


@dataclass(frozen=True)
class Scores:
    """What is measured of a method on a set.

    Attributes
    ----------
    accuracy, covered_accuracy : float
        In [0, 1], over all rows and over rows with a vote (NaN where there is none).
    macro_f1 : float
        In [0, 1].
    log_loss : float
        Natural logarithm, at least 0.
    ece : float
        Expected calibration error, in [0, 1].
    """

    accuracy: float
    covered_accuracy: float
    macro_f1: float
    log_loss: float
    ece: float


def measure(proba: np.ndarray, L: np.ndarray, y: np.ndarray) -> Scores:
    """Measure probabilities of shape (n_samples, n_classes) on rows that all have a gold label."""
    right = correctness(proba, y)
    covered = (L >= 0).any(axis=1)
    return Scores(
        accuracy=float(right.mean()),
        covered_accuracy=float(right[covered].mean()) if covered.any() else np.nan,
        macro_f1=macro_f1(proba, y),
        log_loss=log_loss(proba, y),
        ece=calibration_error(proba, y),
    )


def mean_scores(found: list[Scores]) -> Scores:
    """Return the mean of each measure."""
    return Scores(*np.mean([astuple(scores) for scores in found], axis=0).tolist())


def tied(proba: np.ndarray) -> np.ndarray:
    """Return which classes are the most probable ones of each row, dtype bool."""
    return proba >= proba.max(axis=1, keepdims=True) - TIE


def correctness(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how right each row is: 1 / (number of tied classes) if the gold class is among them."""
    best = tied(proba)
    return best[np.arange(len(y)), y] / best.sum(axis=1)


def macro_f1(proba: np.ndarray, y: np.ndarray) -> float:
    """Return the mean F1 of the classes that occur or are predicted; ties go to the first class."""
    return float(f1_score(y, tied(proba).argmax(axis=1), average="macro"))


def log_loss(proba: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of -log P(gold class), P being at least 1e-6."""
    of_gold = proba[np.arange(len(y)), y]
    return float(-np.log(np.clip(of_gold, LEAST_PROBABILITY, 1)).mean())


def calibration_error(proba: np.ndarray, y: np.ndarray) -> float:
    """Return the mean gap between top probability and accuracy in 15 bins of equal width."""
    top = proba.max(axis=1)
    gap = correctness(proba, y) - top
    bins = np.clip((top * N_BINS).astype(int), 0, N_BINS - 1)
    return float(np.abs(np.bincount(bins, weights=gap, minlength=N_BINS)).sum() / len(y))

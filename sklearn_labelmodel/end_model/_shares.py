"""Offsets that give predictions the class shares which are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._utils import TIE

# Damped steps: at most so many, the first of them so long.
MOST_STEPS, FIRST_STEP = 500, 0.5


def shares_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the rows in which each class has the highest score; classes that tie share a row.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        In [0, 1], adding up to 1.
    """
    leading = scores >= scores.max(axis=1, keepdims=True) - TIE
    return np.asarray((leading / leading.sum(axis=1, keepdims=True)).mean(axis=0))


def within_chance(
    known: NDArray[np.float64], predicted: NDArray[np.float64], n_labels: float
) -> NDArray[np.float64]:
    """Known shares, moved towards those predicted by at most one standard error of each.

    Shares counted from few labels are uncertain; where predictions are within that uncertainty, they stay.

    Parameters
    ----------
    known, predicted : ndarray of shape (n_classes,)
        Adding up to 1.
    n_labels : float
        Labels that `known` was counted from; infinitely many where it is given.

    Returns
    -------
    target : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    """
    error = np.sqrt(known * (1 - known) / (n_labels + len(known)))
    target = known + np.clip(predicted - known, -error, error)
    return np.asarray(target / target.sum())


def matching_offsets(
    scores: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Numbers that, added to the scores of each class, give the classes with the highest score the target's shares.

    As near as it goes: rows with equal scores cannot be told apart.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
        Finite, such as logarithms of probabilities.
    target : ndarray of shape (n_classes,)
        Adding up to 1.

    Returns
    -------
    offsets : ndarray of shape (n_classes,)
        With mean 0.
    """
    if scores.shape[1] == 2:
        margin = scores[:, 1] - scores[:, 0]
        return _threshold(margin, target[1]) * np.array([0.5, -0.5])
    return _stepwise_offsets(scores, target)


def _threshold(margin: NDArray[np.float64], share: float) -> float:
    """What a share of the margins is above: in the middle between two of them, and of equally good ones the least."""
    values, counts = np.unique(np.round(margin, 9), return_counts=True)
    middles = (values[1:] + values[:-1]) / 2
    # Beyond the ends by 1, and 0 itself, where ties are shared.
    thresholds = np.concatenate([[values[0] - 1], middles, [values[-1] + 1], [0.0]])
    below = np.concatenate([[0], np.cumsum(counts), [_below_zero(values, counts)]])
    miss = np.abs(1 - below / len(margin) - share)
    best = np.flatnonzero(miss <= miss.min() + TIE)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best]))]])


def _below_zero(values: NDArray[np.float64], counts: NDArray[np.intp]) -> float:
    return float(counts[values < 0].sum() + counts[values == 0].sum() / 2)


def _stepwise_offsets(
    scores: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Damped steps towards the target from 0; of all offsets on the way, those with the nearest shares."""
    half_a_row = 0.5 / len(scores)
    offsets = np.zeros(scores.shape[1])
    best, least = offsets, np.inf
    for step in range(MOST_STEPS):
        shares = shares_of(scores + offsets)
        miss = np.abs(shares - target).sum()
        if miss < least - TIE:
            best, least = offsets, miss
        if least <= 2 * half_a_row:
            break
        damped = FIRST_STEP / (1 + step / 20)
        offsets = offsets + damped * np.log((target + half_a_row) / (shares + half_a_row))
        offsets = offsets - offsets.mean()
    return best

"""Which confidence threshold makes the labels above it right as often as wanted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom
from sklearn.utils import Bunch

N_STARTS = 4


def precision_curve(
    certainty: NDArray[np.float64], right: NDArray[np.bool_], confidence: float | None
) -> Bunch:
    """Precision and coverage of judged rows at every threshold between their confidences.

    Parameters
    ----------
    certainty : ndarray of shape (n_rows,)
        Confidence of each row, in [0, 1]; at least one row.
    right : ndarray of shape (n_rows,), dtype bool
        Whether its label is right.
    confidence : float or None
        Of the lower bound, in (0, 1); None makes the bounds NaN.

    Returns
    -------
    curve : Bunch
        Arrays of shape (n_thresholds,), strictest first: threshold, n_answered, precision, bound, coverage.
    """
    levels, position = np.unique(-certainty, return_inverse=True)
    n_answered = np.cumsum(np.bincount(position))
    n_right = np.cumsum(np.bincount(position, weights=right))
    bound = np.full(len(levels), np.nan)
    if confidence is not None:
        # Without a right label the quantile is undefined, and the bound 0.
        n_wrong = n_answered - n_right
        bound = np.nan_to_num(beta.ppf(1 - confidence, n_right, n_wrong + 1), nan=0.0)
    return Bunch(
        threshold=_thresholds(-levels),
        n_answered=n_answered,
        precision=n_right / n_answered,
        bound=bound,
        coverage=n_answered / len(certainty),
    )


def _thresholds(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """A threshold below each of the falling levels: half way to the next, and 0 below the last.

    Half way, since another fit, or another order of summation, gives a level anew only nearly.
    """
    halfway = (levels[:-1] + levels[1:]) / 2
    return np.append(np.where(halfway > levels[1:], halfway, levels[:-1]), 0.0)


def least_rows(precision: float, level: float) -> int:
    """How many rows, all right, reject at the level that fewer than the share `precision` are right."""
    return max(1, math.ceil(math.log(level) / math.log(precision) - 1e-9))


def laxest_threshold(curve: Bunch, precision: float, confidence: float | None) -> int | None:
    """Position in the curve of the laxest threshold that reaches the precision; None where none does.

    Parameters
    ----------
    curve : Bunch
        Of `precision_curve`.
    precision : float
        In (0, 1]; below 1 with a confidence.
    confidence : float or None
        Probability of not choosing a threshold below which the precision is missed. None compares the judged rows'
        precision itself.
    """
    if confidence is None:
        reached = curve.precision >= precision
    else:
        n_wrong = np.rint((1 - curve.precision) * curve.n_answered)
        p_values = binom.cdf(n_wrong, curve.n_answered, 1 - precision)
        levels = starting_levels(curve.n_answered, precision, 1 - confidence)
        reached = fallback_rejections(p_values, levels)
    return int(np.flatnonzero(reached)[-1]) if reached.any() else None


def starting_levels(
    n_answered: NDArray[np.intp], precision: float, level: float
) -> NDArray[np.float64]:
    """Share the level of significance out among the thresholds at which a sequence of tests starts.

    The starts are spaced geometrically, from the least number of rows that can reject to all rows; fewer of them where
    a share would be too small for that. They depend on numbers of rows alone, never on which labels are right.

    Parameters
    ----------
    n_answered : ndarray of shape (n_thresholds,), dtype intp
        Rising numbers of rows at or above each threshold.
    precision, level : float
        In (0, 1).

    Returns
    -------
    levels : ndarray of shape (n_thresholds,)
        Non-negative, adding up to `level`; all 0 where there are too few rows.
    """
    levels, n_rows = np.zeros(len(n_answered)), n_answered[-1]
    for n_starts in range(N_STARTS, 0, -1):
        least = least_rows(precision, level / n_starts)
        if least < n_rows or (n_starts == 1 and least == n_rows):
            wanted = np.ceil(np.geomspace(least, n_rows, n_starts) - 1e-6)
            np.add.at(levels, np.searchsorted(n_answered, wanted), level / n_starts)
            break
    return levels


def fallback_rejections(
    p_values: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Test hypotheses in order, each at its own level and that of the one before if that was rejected.

    The probability of rejecting any true hypothesis is at most the sum of the levels.

    Parameters
    ----------
    p_values, levels : ndarray of shape (n_hypotheses,)

    Returns
    -------
    rejected : ndarray of shape (n_hypotheses,), dtype bool
    """
    rejected = np.zeros(len(p_values), dtype=bool)
    available = 0.0
    for i, (p_value, level) in enumerate(zip(p_values, levels, strict=True)):
        available += level
        # Level 0 must reject nothing, even where the p-value underflows.
        rejected[i] = available > 0 and p_value <= available
        available = available if rejected[i] else 0.0
    return rejected

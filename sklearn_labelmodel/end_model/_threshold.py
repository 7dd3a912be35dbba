"""Which confidence threshold makes the labels above it right as often as wanted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom
from sklearn.utils import Bunch

MOST_TESTS = 500
N_HALVINGS = 8
ROUNDING = 1 + 1e-12


def precision_curve(certainty: NDArray[np.float64], right: NDArray[np.bool_]) -> Bunch:
    """Precision and coverage of judged rows at every threshold between their confidences.

    Parameters
    ----------
    certainty : ndarray of shape (n_rows,)
        Confidence of each row, in [0, 1]; at least one row.
    right : ndarray of shape (n_rows,), dtype bool
        Whether its label is right.

    Returns
    -------
    curve : Bunch
        Arrays of shape (n_thresholds,), strictest first: threshold, n_answered, precision, coverage. Of more than 500
        thresholds, some at geometric distances.
    """
    levels, position = np.unique(-certainty, return_inverse=True)
    n_answered = np.cumsum(np.bincount(position))
    n_right = np.cumsum(np.bincount(position, weights=right))
    kept = np.arange(len(levels))
    if len(levels) > MOST_TESTS:
        counts = np.geomspace(n_answered[0], n_answered[-1], MOST_TESTS)
        kept = np.unique(np.searchsorted(n_answered, np.floor(counts + 1e-6)))
    return Bunch(
        threshold=_thresholds(-levels)[kept],
        n_answered=n_answered[kept],
        precision=(n_right / n_answered)[kept],
        coverage=(n_answered / len(certainty))[kept],
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


def lower_bounds(curve: Bunch, precision: float, confidence: float | None) -> NDArray[np.float64]:
    """Lower bounds of the precision at every threshold, to be compared with a wanted precision.

    They are Clopper and Pearson's, one-sided, at a level at which the probability that any of them reaches the wanted
    precision where that is missed is at most ``1 - confidence``.

    Parameters
    ----------
    curve : Bunch
        Of `precision_curve`.
    precision : float
        Wanted, in (0, 1]; below 1 with a confidence.
    confidence : float or None
        In (0, 1); None makes all bounds NaN.

    Returns
    -------
    bounds : ndarray of shape (n_thresholds,)
        In [0, 1].
    """
    if confidence is None:
        return np.full(len(curve.n_answered), np.nan)
    level = 1 - confidence
    counts = curve.n_answered[curve.n_answered >= least_rows(precision, level)]
    if len(counts):
        level = critical_level(counts, precision, level)
    n_right = np.rint(curve.precision * curve.n_answered)
    # Without a right label the quantile is undefined, and the bound 0.
    return np.nan_to_num(beta.ppf(level, n_right, curve.n_answered - n_right + 1), nan=0.0)


def laxest_threshold(curve: Bunch, bounds: NDArray[np.float64], precision: float) -> int | None:
    """Position of the laxest threshold at which the lower bound reaches the precision; None where none does.

    Parameters
    ----------
    curve : Bunch
        Of `precision_curve`.
    bounds : ndarray of shape (n_thresholds,)
        Of `lower_bounds` for this precision. Where they are NaN, the judged rows' precision itself is compared.
    precision : float
        Wanted, in (0, 1].
    """
    reached = np.where(
        np.isnan(bounds), curve.precision >= precision, bounds >= precision * (1 - 1e-9)
    )
    return int(np.flatnonzero(reached)[-1]) if reached.any() else None


def why_none(curve: Bunch, precision: float, confidence: float | None) -> str:
    """Say why no threshold will do, and what would.

    Parameters
    ----------
    curve : Bunch
        Of `precision_curve`, with the `lower_bounds` as bound.
    precision, confidence
        As in `lower_bounds`.
    """
    n_gold, wanted = int(curve.n_answered[-1]), f"precision={precision:g}"
    remedy = "So every row abstains. Label more rows, or lower `precision`"
    hint = _reachable(curve, precision, confidence)
    if confidence is not None:
        wanted += f" with confidence={confidence:g}"
        remedy += " or `confidence`"
        least = least_rows(precision, 1 - confidence)
        if n_gold < least:
            return (
                f"{n_gold} gold row{'s' if n_gold > 1 else ''} cannot assure {wanted}: that takes at least {least}, "
                f"all of them labelled right. {remedy} (None: no assurance).{hint}"
            )
    best = _best_reached(curve, precision, confidence)
    return f"No threshold reaches {wanted}. {best} {remedy}.{hint}"


def _best_reached(curve: Bunch, precision: float, confidence: float | None) -> str:
    best = int(np.argmax(curve.precision if confidence is None else curve.bound))
    n_right = round(curve.precision[best] * curve.n_answered[best])
    few = curve.precision[best] >= precision
    return (
        f"At the best one, {curve.threshold[best]:.4g}, {n_right} of {curve.n_answered[best]} gold rows "
        f"({curve.precision[best]:.1%}) are labelled right{', too few to be sure of it.' if few else '.'}"
    )


def _reachable(curve: Bunch, precision: float, confidence: float | None) -> str:
    """The greatest precision, in hundredths from 0.5 on, that could have been asked for."""
    # Bisected, since each bound takes a critical level of its own; `low` is 49, or was reached itself.
    low, high, coverage = 49, math.ceil(100 * precision), 0.0
    while high - low > 1:
        middle = (low + high) // 2
        bounds = lower_bounds(curve, middle / 100, confidence)
        chosen = laxest_threshold(curve, bounds, middle / 100)
        if chosen is None:
            high = middle
        else:
            low, coverage = middle, curve.coverage[chosen]
    return (
        f" About {low / 100:g} could be reached, on {coverage:.0%} of the rows." if coverage else ""
    )


def critical_level(counts: NDArray[np.intp], precision: float, level: float) -> float:
    """The level for each single test at which all tests together err with probability `level` at most.

    Under the least favourable hypothesis every label is right with probability `precision`, however certain it is.

    Parameters
    ----------
    counts : ndarray of shape (n_tests,), dtype intp
        Rising numbers of rows on which the hypothesis is tested, each time on the rows before and some more.
    precision, level : float
        In (0, 1).

    Returns
    -------
    critical : float
        In [level / n_tests, level].
    """
    increments = np.diff(counts, prepend=0)
    steps = {n: binom.pmf(np.arange(n + 1), n, 1 - precision) for n in np.unique(increments)}
    # The lower end is Bonferroni's, which always holds.
    low, high = level / len(counts), level
    for _ in range(N_HALVINGS):
        middle = math.sqrt(low * high)
        errors = errors_allowed(counts, precision, middle)
        if chance_of_rejection([steps[n] for n in increments], errors) <= level:
            low = middle
        else:
            high = middle
    return low


def errors_allowed(counts: NDArray[np.intp], precision: float, critical: float) -> NDArray[np.intp]:
    """The most wrong labels among so many with which a test at this level rejects; -1 where even 0 is too many."""
    errors = binom.ppf(critical, counts, 1 - precision)
    too_many = binom.cdf(errors, counts, 1 - precision) > ROUNDING * critical
    return (errors - too_many).astype(np.intp)


def chance_of_rejection(steps: list[NDArray[np.float64]], errors: NDArray[np.intp]) -> float:
    """Probability that the number of wrong labels is within the allowed one at any of the tests.

    Parameters
    ----------
    steps : list of n_tests ndarrays
        Probabilities of 0, 1, ... wrong labels among the rows that are new to each test.
    errors : ndarray of shape (n_tests,), dtype intp
        Rising numbers of wrong labels that are allowed.
    """
    size, rejected = int(errors[-1]) + 1, 0.0
    # Of numbers of wrong labels without rejection so far; more of them than are ever allowed need not be known.
    waiting = np.eye(1, size)[0]
    for step, allowed in zip(steps, errors, strict=True):
        if not size:
            break
        waiting = np.convolve(waiting, step[:size])[:size]
        rejected += waiting[: allowed + 1].sum()
        waiting[: allowed + 1] = 0
    return float(rejected)

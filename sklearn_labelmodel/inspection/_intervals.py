"""Krippendorff's alpha and shares, each with its interval.

What alpha needs to know of a row are four sums over its m votes, each vote standing at a place x: (m sum |x|^2 -
|sum x|^2) / (m - 1), which is its disagreement, m, sum |x|^2 and sum x. They add up over rows; alpha compares the
summed disagreement with that of all votes thrown together. At the nominal level the places are the corners of a
simplex, at the interval level the numbers, at the ordinal level their mean ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from .._utils import quoted
from .._votes.pairs import dense

# More rows are drawn in so many random parts: the interval is as wide but for one part in fifty.
MOST_UNITS = 1000

INTERVAL = (2.5, 97.5)

ROUNDING = 1e-12


@dataclass(frozen=True)
class Scale:
    """The places of votes, between which disagreement is the squared distance.

    Attributes
    ----------
    level : {"nominal", "ordinal", "interval"}
    numbers : ndarray of shape (n_values,)
    """

    level: str
    numbers: NDArray[np.float64]

    def places(
        self, counts: NDArray[np.float64], group: NDArray[np.intp], code: NDArray[np.intp]
    ) -> sp.csr_array:
        """Place of some votes, CSR array of shape (n_votes, n_axes).

        Parameters
        ----------
        counts : ndarray of shape (n_groups, n_values)
            How often each group of votes holds each value: what ranks are counted in.
        group, code : ndarray of shape (n_votes,)
        """
        n_values = len(self.numbers)
        if self.level == "nominal":
            return sp.eye_array(n_values, format="csr")[code]
        if self.level == "interval":
            centred = self.numbers - self.numbers.mean()
            return sp.csr_array((centred / max(np.abs(centred).max(), 1.0))[code][:, None])
        ranks = np.cumsum(counts, axis=1) - counts / 2
        ranks /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return sp.csr_array((ranks - 0.5)[group, code][:, None])


# Sums and what follows from them ------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """What alpha needs to know of each row; of a row with one vote, zeros.

    Attributes
    ----------
    numbers : ndarray of shape (n_rows, 3)
        Disagreement, votes, and the votes' summed squares.
    total : CSR array of shape (n_rows, n_axes)
        The votes' summed places.
    """

    numbers: NDArray[np.float64]
    total: sp.csr_array

    def added(self, weights: NDArray[np.float64] | sp.csr_array) -> NDArray[np.float64]:
        """Weighted sums over rows, shape (n_weights, 3 + n_axes), of weights of shape (n_weights, n_rows)."""
        return np.hstack([weights @ self.numbers, dense(weights @ self.total)])

    def of(self, rows: slice) -> Sums:
        return Sums(self.numbers[rows], self.total[rows])


def sums_of(size: NDArray[np.float64], square: NDArray[np.float64], total: sp.csr_array) -> Sums:
    within = (size * square - products(total, total)) / np.maximum(size - 1, 1)
    return Sums(np.column_stack([within, size, square]), total)


def products(one: sp.csr_array, other: sp.csr_array) -> NDArray[np.float64]:
    """Inner product of each row of two CSR arrays."""
    return np.asarray(one.multiply(other).sum(axis=1), dtype=np.float64)


def alpha_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha from summed sums, shape (..., 3 + n_axes)."""
    within, size, square = sums[..., 0], sums[..., 1], sums[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (size * square - (sums[..., 3:] ** 2).sum(axis=-1)) / (size - 1)
        return np.where(between > ROUNDING * square, 1 - within / between, np.nan)


Resampled = Callable[[Sums], NDArray[np.float64]]


def resampler(
    weight: NDArray[np.float64], n_bootstrap: int, random: np.random.RandomState
) -> Resampled:
    """What adds up some rows' sums for each bootstrap sample of the rows; `weight` says how many are alike."""
    n_rows = int(weight.sum())
    if len(weight) <= MOST_UNITS:
        draws = random.multinomial(n_rows, weight / n_rows, size=n_bootstrap)
        return lambda sums: sums.added(draws)
    row = random.permutation(np.repeat(np.arange(len(weight)), weight.astype(np.intp)))
    unit = np.arange(n_rows) % MOST_UNITS
    units = sp.csr_array((np.ones(n_rows), (unit, row)), shape=(MOST_UNITS, len(weight)))
    draws = random.multinomial(MOST_UNITS, np.full(MOST_UNITS, 1 / MOST_UNITS), size=n_bootstrap)
    return lambda sums: draws @ sums.added(units)


def interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def alpha_of_rows(
    counts: sp.csr_array, weight: NDArray[np.float64], scale: Scale, resampled: Resampled
) -> tuple[float, float, float]:
    """Alpha and its interval from how often each row holds each value, CSR array of shape (n_rows, n_values)."""
    size = np.asarray(counts.sum(axis=1))
    counts.data[np.repeat(size < 2, np.diff(counts.indptr))] = 0
    margin = counts.T @ weight
    code = np.arange(len(margin))
    places = scale.places(margin[None], np.zeros_like(code), code)
    square = counts @ products(places, places)
    sums = sums_of(size * (size > 1), square, counts @ places)
    return float(alpha_of_sums(sums.added(weight[None]))[0]), *interval(
        alpha_of_sums(resampled(sums))
    )


def wilson_intervals(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> NDArray[np.float64]:
    """Wilson score intervals of binomial proportions.

    Parameters
    ----------
    successes, trials : array-like of shape (n,)
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    intervals : ndarray of shape (n, 2)
        In [0, 1]; [0, 1] without a trial.

    References
    ----------
    E. B. Wilson. Probable Inference, the Law of Succession, and Statistical Inference. Journal of the American
    Statistical Association 22, 1927.
    """
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence is {quoted(confidence)}; it must be between 0 and 1, such as 0.95."
        )
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    z = ndtri(0.5 + confidence / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    tried = np.maximum(n, 1)
    half = z * np.sqrt(k * (n - k) / tried + z**2 / 4) / (n + z**2)
    return np.clip(np.column_stack([centre - half, centre + half]), 0.0, 1.0)

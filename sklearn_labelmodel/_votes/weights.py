"""Weights of rows: how many rows each stands for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import column_or_1d

# Fractional weights are rounded to multiples of this: so sums of them, in whatever order, have no rounding error.
GRID = 2.0**-24


def read_weights(sample_weight: ArrayLike, n_samples: int) -> NDArray[np.float64]:
    """Read the weights of rows.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or scalar
    n_samples : int

    Returns
    -------
    weight : ndarray of shape (n_samples,), dtype float64
        Whole numbers as they are, others rounded to a multiple of 2^-24.

    Raises
    ------
    ValueError
        Another number of weights than rows; weights that are negative, missing or infinite.
    """
    weight = np.asarray(sample_weight, dtype=np.float64)
    weight = np.full(n_samples, weight) if weight.ndim == 0 else column_or_1d(weight)
    if len(weight) != n_samples:
        raise ValueError(
            f"sample_weight.shape == ({len(weight)},), expected ({n_samples},): L has {n_samples} rows. Give a weight "
            "for each."
        )
    unfit = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    if len(unfit):
        raise ValueError(
            f"sample_weight, row {unfit[0]}: {weight[unfit[0]]} is no weight. A weight says how many rows a row stands "
            "for: a number from 0 on."
        )
    return np.asarray(np.rint(weight / GRID) * GRID)


def check_any_weight(total: float) -> None:
    """Raise a ValueError where no row counts.

    Parameters
    ----------
    total : float
        The sum of all weights.
    """
    if not total:
        raise ValueError(
            "All weights in sample_weight are zero (as is what is below 2^-25), so no row is left to learn from."
        )

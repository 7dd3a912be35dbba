"""Intervals of proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from .._utils import quoted


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

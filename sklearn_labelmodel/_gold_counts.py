"""Labelled rows, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GoldCounts:
    """Labelled rows of each class.

    Attributes
    ----------
    by_symbol : ndarray of shape (n_symbols, n_classes)
        Those that hold each symbol.
    rows : ndarray of shape (n_classes,)
        All of them.
    voteless : ndarray of shape (n_classes,)
        Those without a vote.
    """

    by_symbol: NDArray[np.float64]
    rows: NDArray[np.float64]
    voteless: NDArray[np.float64]

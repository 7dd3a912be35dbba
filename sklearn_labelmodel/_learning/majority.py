"""_learning.majority."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._votes.patterns import Patterns, vote_counts

UNKNOWN_PRECISION = 0.7


def _agreement(
    patterns: Patterns, symbol_class: NDArray[np.intp], classes: NDArray[Any]
) -> float | None:
    """Share of agreeing pairs among the pairs of votes that meet in a row; None without any."""
    agreeing, pairs = 0.0, 0.0
    for block in patterns.blocks(classes):
        counts = vote_counts(block, symbol_class, len(classes))
        total = counts.sum(axis=1)
        agreeing += block.weight @ ((counts - 1) * counts).sum(axis=1)
        pairs += block.weight @ ((total - 1) * total)
    return agreeing / pairs if pairs else None


def _shared_precision(agreement: float | None, n_classes: int) -> float:
    """The a of agreement = a^2 + (1 - a)^2 / (k - 1), at least 1 / k."""
    if agreement is None or n_classes == 1:
        return UNKNOWN_PRECISION
    surplus = max(0.0, (n_classes - 1) * (n_classes * agreement - 1))
    return float((1 + surplus**0.5) / n_classes)

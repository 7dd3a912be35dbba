"""The numbers that a fit report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._lf_consensus import Consensus
from ._lf_copies import Copy
from ._lf_intervals import AccuracyIntervals


@dataclass(frozen=True)
class LFFacts:
    """Numbers on every LF, each an ndarray of shape (n_lfs,); NaN where they are not known.

    Attributes
    ----------
    name : ndarray, dtype object
        Feature names, or column numbers.
    votes : ndarray, dtype float64
        Rows in which the LF votes.
    coverage : ndarray
        Their share.
    kinds : ndarray, dtype intp
        Distinct votes that it gives.
    alone : ndarray, dtype bool
        Whether it votes, but never in a row with another LF.
    learned : ndarray
        `lf_accuracies_`.
    intervals : AccuracyIntervals or None
    consensus : Consensus or None
        Agreement with the other LFs.
    labelled : Consensus or None
        Agreement with the gold labels that accuracies were learned from.
    """

    name: NDArray[Any]
    votes: NDArray[np.float64]
    coverage: NDArray[np.float64]
    kinds: NDArray[np.intp]
    alone: NDArray[np.bool_]
    learned: NDArray[np.float64]
    intervals: AccuracyIntervals | None = None
    consensus: Consensus | None = None
    labelled: Consensus | None = None


@dataclass(frozen=True)
class ModelFacts:
    """Numbers on the model; None where they are not known.

    Attributes
    ----------
    kind : str
        Name of the model's class.
    n_samples : int or None
        Rows that were read.
    classes : ndarray of shape (n_classes,)
    class_prior : ndarray of shape (n_classes,)
    converged : bool or None
    diverged : bool
    silent : float or None
        Share of rows without a vote.
    shares : ndarray of shape (n_classes,) or None
        Predicted class shares: the mean of `predict_proba` over rows with votes.
    labels : ndarray of shape (n_classes,) or None
        Shares of the classes among `predict` for rows with votes.
    agreement : float or None
        Share of rows with votes whose predicted class has the most votes.
    held_out : (float, float) or None
        Mean log-likelihood of held-out rows under the model and under majority vote.
    copies : tuple of Copy
    n_labels : int
        Gold labels that accuracies were learned from.
    dependencies : frozenset of (hashable, hashable)
        Names of pairs of LFs whose common errors the fit allows for.
    """

    kind: str
    n_samples: int | None
    classes: NDArray[Any]
    class_prior: NDArray[np.float64]
    converged: bool | None
    diverged: bool = False
    silent: float | None = None
    shares: NDArray[np.float64] | None = None
    labels: NDArray[np.float64] | None = None
    agreement: float | None = None
    held_out: tuple[float, float] | None = None
    copies: tuple[Copy, ...] = ()
    n_labels: int = 0
    dependencies: frozenset[tuple[Any, Any]] = frozenset()

"""The numbers that a fit report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .agreement import Consensus
from .held_out import HeldOut
from .intervals import AccuracyIntervals
from .repeats import Copy


@dataclass(frozen=True)
class LFFacts:
    """Numbers on every LF, each an ndarray of shape (n_lfs,); NaN where they are not known.

    Attributes
    ----------
    name : ndarray, dtype object
        Feature names, or column numbers.
    n_samples : float
        Rows that were read.
    votes, coverage : ndarray
        Rows among them in which the LF votes, and their share.
    fit_votes, fit_coverage : ndarray
        The same of the rows of `fit`.
    kinds : ndarray, dtype intp
        Distinct votes that it gave in `fit`.
    alone : ndarray, dtype bool
        Whether it voted there, but never in a row with another LF.
    learned : ndarray
        `lf_accuracies_`.
    intervals : AccuracyIntervals or None
    consensus : Consensus or None
        Agreement with the other LFs.
    labelled : Consensus or None
        Agreement with the gold labels that accuracies were learned from.
    """

    name: NDArray[Any]
    n_samples: float
    votes: NDArray[np.float64]
    coverage: NDArray[np.float64]
    fit_votes: NDArray[np.float64]
    fit_coverage: NDArray[np.float64]
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
    prior_from : {"given", "learned", "labels", "uniform"}
        Where it is from: parameters, votes, gold labels, or nowhere.
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
    held_out : HeldOut or None
        Mean log-likelihood of held-out rows under the model and under majority vote.
    copies : tuple of Copy
    n_labels : int
        Gold labels that accuracies were learned from.
    dependencies : frozenset of (int, int)
        Columns of those copies whose common errors the fit allows for.
    """

    kind: str
    n_samples: int | None
    classes: NDArray[Any]
    class_prior: NDArray[np.float64]
    converged: bool | None
    prior_from: str = "uniform"
    diverged: bool = False
    silent: float | None = None
    shares: NDArray[np.float64] | None = None
    labels: NDArray[np.float64] | None = None
    agreement: float | None = None
    held_out: HeldOut | None = None
    copies: tuple[Copy, ...] = ()
    n_labels: int = 0
    dependencies: frozenset[tuple[int, int]] = frozenset()

    @property
    def n_voted(self) -> float:
        """Rows with votes, where it is known how many there are."""
        return (self.n_samples or 0) * (1 - (self.silent or 0.0))


SEVERITIES = ("danger", "warning", "info")


FEW_VOTES = 30


# Probability, in all classes or LFs together, below which something is no accident of few rows.
ACCIDENT = 0.001


@dataclass(frozen=True)
class Finding:
    """One thing that a fit report has to say.

    Attributes
    ----------
    code : str
        What it is, in one word or a few joined by hyphens.
    severity : {"danger", "warning", "info"}
        "danger": labels are likely to be wrong. "warning": some may be. "info": worth knowing.
    lf : hashable or None
        Name (or column) of the labeling function that it is about; None for the model.
    message : str
        What was found, without a full stop.
    remedy : str
        What to do about it.
    """

    code: str
    severity: str
    lf: Any
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}."


def called(name: Any) -> str:
    return f"LF {name!r}" if isinstance(name, str) else f"LF {name}"


def percent(share: float) -> str:
    """A percentage, of which small ones keep a digit."""
    return f"{share:.0%}" if share >= 0.01 else f"{100 * share:.1g}%"

"""The numbers that a fit report is made of: what the fit knew, and what a look at rows adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._evidence.model import VoteModel
from ..._learning.observed import KeptCounts
from ..._votes.codes import is_bin
from .parts import FitNumbers


@dataclass(frozen=True, eq=False)
class Consensus:
    """How far each LF's votes agree with those of the others; each an ndarray of shape (n_lfs,).

    Attributes
    ----------
    met : ndarray
        Votes in rows with votes of others.
    agreed : ndarray
        Mean share of these others' votes that name the same class, in [0, 1]; NaN where none was met.
    by_chance : ndarray
        The same if the LF dealt its votes to rows at random.
    error : ndarray
        Standard error of `agreed` then.
    """

    met: NDArray[np.float64]
    agreed: NDArray[np.float64]
    by_chance: NDArray[np.float64]
    error: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a fit; None where nobody looked.

    Attributes
    ----------
    model : FitNumbers
        What the report says of the model, all but what single rows show.
    capabilities : frozenset of str
        What the model can do about a finding.
    name : ndarray of shape (n_lfs,), dtype object
        Feature names, or column numbers.
    learned : VoteModel
    kept : KeptCounts
        Of the rows of `fit`.
    coverage : ndarray of shape (n_lfs,)
        Share of the rows that were read in which each LF votes.
    consensus : Consensus or None
        Agreement of each LF with the others.
    labelled : Consensus or None
        Agreement with the gold labels that accuracies were learned from.
    intervals : ndarray of shape (4, n_lfs) or None
        What the votes tell of P(vote is right | LF votes), NaN where they do not: the estimate, the ends of its
        interval, and the accuracy that the LF's votes would have if they were dealt to its rows at random.
    reason : list of str
        Why there is no interval, "" where there is one.
    counted : tuple of (lf, vote, rows)
        How often each LF casts each vote; columns, votes as users are shown them, numbers.
    """

    model: FitNumbers
    capabilities: frozenset[str]
    name: NDArray[np.object_]
    learned: VoteModel
    kept: KeptCounts
    coverage: NDArray[np.float64]
    consensus: Consensus | None = None
    labelled: Consensus | None = None
    intervals: NDArray[np.float64] | None = None
    reason: list[str] = field(default_factory=list)
    counted: tuple[tuple[int, Any, float], ...] = ()

    @property
    def votes(self) -> NDArray[np.float64]:
        """Rows among those read in which each LF votes, shape (n_lfs,)."""
        return np.rint(self.coverage * self.model.n_samples)

    @property
    def fit_votes(self) -> NDArray[np.float64]:
        """Rows of `fit` in which each LF voted, shape (n_lfs,)."""
        return np.rint(self.kept.coverage * self.kept.n_samples)

    @property
    def kinds(self) -> NDArray[np.intp]:
        """Distinct votes that each LF gave in `fit`, shape (n_lfs,)."""
        return np.bincount(self.learned.table.lf, minlength=len(self.name))

    @property
    def gives_scores(self) -> NDArray[np.bool_]:
        """Whether each LF gave scores in `fit`, shape (n_lfs,)."""
        table = self.learned.table
        return np.bincount(table.lf[is_bin(table.vote)], minlength=len(self.name)) > 0

    @property
    def leaves_open(self) -> NDArray[np.bool_]:
        """Whether each LF cast votes in `fit` that leave several classes open, shape (n_lfs,)."""
        table, meaning = self.learned.table, self.kept.meaning
        if meaning is None:
            return np.zeros(len(self.name), dtype=bool)
        open_to = (meaning == meaning.max(axis=1, keepdims=True)).sum(axis=1)
        several = (open_to > 1) & (open_to < meaning.shape[1]) & ~is_bin(table.vote)
        return np.bincount(table.lf[several], minlength=len(self.name)) > 0

    @property
    def n_voted(self) -> float:
        """Rows with votes among those read."""
        return self.model.n_samples * (1 - (self.model.silent or 0.0))

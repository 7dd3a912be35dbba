"""The facts that a fit report is made of: what the fit knew, and what a look at rows adds."""

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
    kinds : ndarray of shape (n_lfs,)
        Distinct votes that each LF gave in `fit`.
    learned : VoteModel
    kept : KeptCounts
        Of the rows of `fit`.
    coverage : ndarray of shape (n_lfs,)
        Share of the rows that were read in which each LF votes.
    consensus : ndarray of shape (4, n_lfs) or None
        Agreement of each LF with the others: its votes beside others, the mean share of these others' votes that name
        the same class, the same by chance, and its standard error then.
    labelled : ndarray of shape (4, n_lfs) or None
        The same with the gold labels that accuracies were learned from.
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
    kinds: NDArray[np.intp]
    learned: VoteModel
    kept: KeptCounts
    coverage: NDArray[np.float64]
    consensus: NDArray[np.float64] | None = None
    labelled: NDArray[np.float64] | None = None
    intervals: NDArray[np.float64] | None = None
    reason: list[str] = field(default_factory=list)
    counted: tuple[tuple[int, Any, float], ...] = ()

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

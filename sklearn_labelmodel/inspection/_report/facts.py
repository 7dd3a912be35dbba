"""The numbers that a fit report is made of: what the fit knew, and what a look at rows adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._evidence.model import VoteModel
from ..._learning.observed import KeptCounts
from ..._votes.codes import is_bin
from .parts import Alpha, ContestedRow, Copy, GoldCheck, HeldOut, Pairs


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a fit; None where nobody looked.

    Attributes
    ----------
    kind : str
        Name of the model's class.
    capabilities : frozenset of str
        What the model can do about a finding.
    name : ndarray of shape (n_lfs,), dtype object
        Feature names, or column numbers.
    learned : VoteModel
    kept : KeptCounts
        Of the rows of `fit`.
    n_samples : int
        Rows that were read, those of `fit` where no others were.
    coverage : ndarray of shape (n_lfs,)
        Share of them in which each LF votes.
    consensus : Consensus or None
        Agreement of each LF with the others.
    labelled : Consensus or None
        Agreement with the gold labels that accuracies were learned from.
    intervals : AccuracyIntervals or None
    silent : float or None
        Share of rows without a vote.
    shares : ndarray of shape (n_classes,) or None
        Predicted class shares: the mean of `predict_proba` over rows with votes.
    labels : ndarray of shape (n_classes,) or None
        Shares of the classes among `predict` for rows with votes.
    agreement : float or None
        Share of rows with votes whose label is that of majority vote, which draws lots where classes tie.
    outvoted : float or None
        Share of rows with votes whose label has fewer votes than another class.
    held_out : HeldOut or None
        Mean log-likelihood of held-out rows under the model and under majority vote.
    copies : tuple of Copy
    looks : Looks or None
        What single rows show.
    settings : dict of str to str
        Parameters of the model, and versions.
    """

    kind: str
    capabilities: frozenset[str]
    name: NDArray[np.object_]
    learned: VoteModel
    kept: KeptCounts
    n_samples: int
    coverage: NDArray[np.float64]
    consensus: Consensus | None = None
    labelled: Consensus | None = None
    intervals: AccuracyIntervals | None = None
    silent: float | None = None
    shares: NDArray[np.float64] | None = None
    labels: NDArray[np.float64] | None = None
    agreement: float | None = None
    outvoted: float | None = None
    held_out: HeldOut | None = None
    copies: tuple[Copy, ...] = ()
    looks: Looks | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def classes(self) -> NDArray[Any]:
        """The classes, shape (n_classes,)."""
        return self.learned.classes

    @property
    def class_prior(self) -> NDArray[np.float64]:
        """P(Y), shape (n_classes,)."""
        return self.learned.prior.of_all

    @property
    def converged(self) -> bool | None:
        """Whether training reached the tolerance that it was given; None without one."""
        history = self.learned.history
        return None if history is None else history.converged

    @property
    def diverged(self) -> bool:
        """Whether training ended worse than it started."""
        history = self.learned.history
        return history is not None and history.diverged

    @property
    def votes(self) -> NDArray[np.float64]:
        """Rows among those read in which each LF votes, shape (n_lfs,)."""
        return np.rint(self.coverage * self.n_samples)

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
    def learned_accuracy(self) -> NDArray[np.float64]:
        """What the model takes each LF's accuracy to be, NaN for one that never voted in `fit`; shape (n_lfs,)."""
        return np.where(self.kinds > 0, self.learned.accuracies, np.nan)

    @property
    def n_labels(self) -> int:
        """Gold labels that accuracies were learned from."""
        return 0 if self.kept.gold is None else int(self.kept.gold.rows.sum())

    @property
    def n_voted(self) -> float:
        """Rows with votes among those read."""
        return self.n_samples * (1 - (self.silent or 0.0))


@dataclass(frozen=True, eq=False)
class Looks:
    """What single rows show.

    Attributes
    ----------
    n_rows : int
        Rows there are, of which some may have been read.
    alpha : Alpha
    votes : tuple of (lf, vote, rows)
        How often each LF casts each vote; columns, votes as users are shown them, numbers.
    pairs : Pairs or None
        None for a single LF, or more than can be compared.
    contested : tuple of ContestedRow
    rows_of_lf : dict of column to tuple
        Rows in which an LF votes against the label, those first in which the label is surest.
    rows_of_copy : dict of pair of columns to tuple
        Rows in which two LFs that are copies differ.
    outvoted_rows, silent_rows : tuple
        Rows whose label has fewer votes than another class, and rows without votes.
    without : ndarray of shape (n_lfs,)
        Share of the rows whose label changes if the LF abstains everywhere; NaN where nobody looked.
    gold : GoldCheck or None
    right, wrong : ndarray of shape (n_lfs,) or None
        Votes on rows with a gold label.
    """

    n_rows: int
    alpha: Alpha
    votes: tuple[tuple[int, Any, float], ...]
    pairs: Pairs | None
    contested: tuple[ContestedRow, ...]
    rows_of_lf: dict[int, tuple[Any, ...]]
    rows_of_copy: dict[tuple[int, int], tuple[Any, ...]]
    outvoted_rows: tuple[Any, ...]
    silent_rows: tuple[Any, ...]
    without: NDArray[np.float64]
    gold: GoldCheck | None = None
    right: NDArray[np.float64] | None = None
    wrong: NDArray[np.float64] | None = None


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
class AccuracyIntervals:
    """P(vote is right | LF votes), estimated from the votes; NaN where they do not tell.

    Attributes
    ----------
    estimate, low, high : ndarray of shape (n_lfs,)
        In [0, 1].
    chance : ndarray of shape (n_lfs,)
        The accuracy that the LF's votes would have if they were dealt to its rows at random.
    reason : list of str
        Why there is none, "" where there is one.
    """

    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    chance: NDArray[np.float64]
    reason: list[str]

"""What was observed: votes and gold labels, the classes, what each symbol is taken to mean, and their counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import lazy
from .._votes.classes import class_index
from .._votes.codes import Votes, check_any_vote
from .._votes.gold import GoldCounts, GoldLabels, no_gold
from .._votes.pairs import VoteStatistics, count_gold, count_votes
from .._votes.patterns import Patterns, read_patterns

# Rows hold more than so many votes, and so many of each LF, only to say the same more precisely.
MOST_VOTES, VOTES_PER_LF = 1 << 17, 512
# Co-occurrences of more symbols are not kept beside a fitted model.
MOST_SYMBOLS = 256


@dataclass(frozen=True, eq=False)
class Observed:
    """All that learning knows of the votes.

    Attributes
    ----------
    n_samples, n_lfs : int
    votes : Votes or None
        None where only distinct rows are known.
    labels : GoldLabels
        Those that learning may use.
    classes : ndarray of shape (n_classes,)
    lf, vote : ndarray of shape (n_symbols,)
        LF (ascending) and value of every symbol.
    meaning : ndarray of shape (n_symbols, n_classes)
        What each symbol is taken to say before anything is learned, as shares that add up to 1: a class, several, a
        lean, or (equal shares) nothing.
    """

    n_samples: int
    n_lfs: int
    votes: Votes | None
    labels: GoldLabels
    classes: NDArray[Any]
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    meaning: NDArray[np.float64]

    @property
    def names(self) -> NDArray[np.object_] | None:
        """Names of the LFs, where they have any."""
        return None if self.votes is None else self.votes.names

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @property
    def _cells(self) -> Votes:
        if self.votes is None:
            raise ValueError("Of these votes only distinct rows are known.")
        return self.votes

    @lazy
    def statistics(self) -> VoteStatistics:
        """How often symbols occur, alone and together."""
        return count_votes(self._cells, self.labels)

    @lazy
    def patterns(self) -> Patterns:
        """The distinct rows, those with unlike gold labels apart."""
        return read_patterns(self._cells, self.labels)

    @lazy
    def sample(self) -> Patterns:
        """The distinct rows that have a vote, without gold labels, of a sample where there are many votes."""
        votes = self._cells
        n_votes = max(MOST_VOTES, VOTES_PER_LF * votes.n_lfs)
        n_rows = int(n_votes / self.frequency.sum()) + 1
        if n_rows < votes.n_samples:
            rows = np.random.RandomState(0).randint(votes.n_samples, size=n_rows)
            votes = votes.take(np.sort(rows))
        patterns = read_patterns(votes, no_gold(votes.n_samples)).informed()
        return patterns.with_symbols(self.lf, self.vote)

    @lazy
    def frequency(self) -> NDArray[np.float64]:
        """P(symbol), shape (n_symbols,)."""
        by_rows = "statistics" not in vars(self) and "patterns" in vars(self)
        counts = self.patterns.counts() if by_rows else self.statistics.counts
        return counts / self.n_samples

    @lazy
    def coverage(self) -> NDArray[np.float64]:
        """P(the LF votes), shape (n_lfs,)."""
        return np.bincount(self.lf, self.frequency, minlength=self.n_lfs).astype(np.float64)

    @lazy
    def overlaps(self) -> NDArray[np.bool_]:
        """Whether each LF shares a row with another LF, shape (n_lfs,)."""
        return (self.patterns if "patterns" in vars(self) else self.statistics).overlaps()

    @lazy
    def voted_share(self) -> float:
        """Share of the rows that have a vote."""
        return float(self.sample.weight.sum() / self.sample.n_samples)

    @lazy
    def gold(self) -> GoldCounts:
        """The labelled rows, counted."""
        if "patterns" in vars(self):
            return self.patterns.gold_counts(self.classes)
        return count_gold(self.statistics, self._cells, self.labels, self.classes)

    @lazy
    def has_choice(self) -> NDArray[np.bool_]:
        """Whether each LF casts several votes, shape (n_lfs,)."""
        return np.bincount(self.lf, minlength=self.n_lfs) > 1

    @lazy
    def names_class(self) -> NDArray[np.bool_]:
        """Whether each symbol means a single class, shape (n_symbols,)."""
        return self.meaning.max(axis=1) == 1.0

    @lazy
    def symbol_class(self) -> NDArray[np.intp]:
        """The class that each symbol means; n_classes where it means no single one."""
        return np.where(self.names_class, self.meaning.argmax(axis=1), self.n_classes)

    @lazy
    def identified(self) -> float:
        """How far votes tell the class prior, in [0, 1].

        The share of votes cast by LFs that have a choice, times the share of votes in rows of two or more.
        """
        of_choice = self.frequency[self.has_choice[self.lf]].sum() / self.frequency.sum()
        if not of_choice:
            return 0.0
        per_row = np.diff(self.sample.indicators.indptr)
        votes = per_row * self.sample.weight
        return float(of_choice * votes[per_row > 1].sum() / votes.sum())

    def kept(self, anchored: bool) -> KeptCounts:
        """What a fitted model keeps of this; of gold labels those that accuracies were learned from."""
        pairs = vars(self)["statistics"].cooccurrence if "statistics" in vars(self) else None
        small = not sp.issparse(pairs) and pairs is not None and len(pairs) <= MOST_SYMBOLS
        return KeptCounts(
            self.n_samples,
            self.coverage,
            self.overlaps,
            pairs if small else None,
            self.gold if anchored else None,
        )


def meaning_of(vote: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    """What symbols mean: a vote for a class that class, any other nothing; shape (n_symbols, n_classes)."""
    symbol_class = class_index(vote, classes)
    meaning = np.zeros((len(vote), len(classes)))
    named = np.flatnonzero(symbol_class < len(classes))
    meaning[named, symbol_class[named]] = 1.0
    meaning[symbol_class == len(classes)] = 1 / len(classes)
    return meaning


def observe(votes: Votes, labels: GoldLabels, *, by_pairs: bool) -> Observed:
    """Votes and labels whose classes are not known yet, counted by pairs of votes or by distinct rows.

    Raises
    ------
    ValueError
        L holds no vote.
    """
    nothing = np.zeros((0, 0))
    no_symbols = np.zeros(0, np.intp)
    seen = Observed(
        votes.n_samples, votes.n_lfs, votes, labels, np.zeros(0), no_symbols, np.zeros(0), nothing
    )
    counts = seen.statistics if by_pairs else seen.patterns
    check_any_vote(counts.lf)
    return _keeping(seen, lf=counts.lf, vote=counts.vote)


def with_classes(observed: Observed, classes: NDArray[Any]) -> Observed:
    """With the classes, and what symbols mean by them."""
    return _keeping(observed, classes=classes, meaning=meaning_of(observed.vote, classes))


def observed_rows(patterns: Patterns, classes: NDArray[Any]) -> Observed:
    """What distinct rows tell; their gold labels are not looked at."""
    meaning = meaning_of(patterns.vote, classes)
    n_samples, n_lfs, labels = patterns.n_samples, patterns.n_lfs, no_gold(patterns.n_samples)
    observed = Observed(
        n_samples, n_lfs, None, labels, classes, patterns.lf, patterns.vote, meaning
    )
    vars(observed)["patterns"] = patterns
    return observed


def _keeping(observed: Observed, **changes: Any) -> Observed:
    """A copy with changes that its counts do not depend on."""
    changed = replace(observed, **changes)
    for name in ("statistics", "patterns"):
        if name in vars(observed):
            vars(changed)[name] = vars(observed)[name]
    return changed


@dataclass(frozen=True, eq=False)
class KeptCounts:
    """What a fitted model keeps of the votes.

    Attributes
    ----------
    n_samples : int
    coverage : ndarray of shape (n_lfs,)
        P(the LF votes).
    overlaps : ndarray of shape (n_lfs,), dtype bool
        Whether each LF shares a row with another.
    cooccurrence : ndarray of shape (n_symbols, n_symbols) or None
        Rows in which two symbols occur, where that is not large.
    gold : GoldCounts or None, default=None
        Labels that accuracies were learned from.
    """

    n_samples: int
    coverage: NDArray[np.float64]
    overlaps: NDArray[np.bool_]
    cooccurrence: NDArray[np.float64] | None
    gold: GoldCounts | None = None

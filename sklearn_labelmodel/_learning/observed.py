"""What there is to learn of votes from whole rows, and what is taken to be so before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._evidence.table import LEAST_PRECISION, VoteTable
from .._votes.codes import Votes
from .._votes.gold import GoldCounts, no_gold
from .._votes.pairs import VoteStatistics
from .._votes.patterns import Patterns, read_patterns

# Rows hold more than so many votes, and so many of each LF, only to say the same more precisely.
MOST_VOTES, VOTES_PER_LF = 1 << 17, 512


@dataclass(frozen=True)
class RefinementProblem:
    """What refinement knows of the votes.

    Attributes
    ----------
    votes : Votes
    statistics : VoteStatistics
    symbol_class : ndarray of shape (n_symbols,)
        The class that each symbol votes for; n_classes where that is none.
    precision : ndarray of shape (n_lfs,)
        Precision that each LF is assumed to have under equally frequent classes.
    n_classes : int
    """

    votes: Votes
    statistics: VoteStatistics
    symbol_class: NDArray[np.intp]
    precision: NDArray[np.float64]
    n_classes: int

    @property
    def lf(self) -> NDArray[np.intp]:
        """The LF of each symbol, ascending, shape (n_symbols,)."""
        return self.statistics.lf

    @property
    def vote(self) -> NDArray[Any]:
        """The value of each symbol, shape (n_symbols,)."""
        return self.statistics.vote

    @cached_property
    def frequency(self) -> NDArray[np.float64]:
        """P(symbol), shape (n_symbols,)."""
        return self.statistics.counts / self.statistics.n_samples

    @cached_property
    def coverage(self) -> NDArray[np.float64]:
        """P(the LF votes), shape (n_lfs,)."""
        return self.statistics.votes_per_lf / self.statistics.n_samples

    @cached_property
    def patterns(self) -> Patterns:
        """Distinct rows that have a vote, of a sample where there are many votes; symbols as here."""
        votes = self.votes
        n_votes = max(MOST_VOTES, VOTES_PER_LF * votes.n_lfs)
        n_rows = int(n_votes / self.frequency.sum()) + 1
        if n_rows < votes.n_samples:
            rows = np.random.RandomState(0).randint(votes.n_samples, size=n_rows)
            votes = votes.take(np.sort(rows))
        patterns = read_patterns(votes, no_gold(votes.n_samples)).informed()
        return patterns.with_symbols(self.lf, self.vote)

    @cached_property
    def has_choice(self) -> NDArray[np.bool_]:
        """Whether each LF casts several votes, shape (n_lfs,)."""
        return np.bincount(self.lf, minlength=self.votes.n_lfs) > 1

    @cached_property
    def named(self) -> NDArray[np.intp]:
        """Symbols that vote for a class."""
        return np.flatnonzero(self.symbol_class < self.n_classes)

    @cached_property
    def symbol_precision(self) -> NDArray[np.float64]:
        """Precision of each symbol's LF, in [0.01, 0.99], shape (n_symbols,)."""
        return np.clip(self.precision, LEAST_PRECISION, 1 - LEAST_PRECISION)[self.lf]

    @cached_property
    def identified(self) -> float:
        """How far votes tell the class prior, in [0, 1].

        The share of votes cast by LFs that have a choice, times the share of votes in rows of two or more.
        """
        of_choice = self.frequency[self.has_choice[self.lf]].sum() / self.frequency.sum()
        if not of_choice:
            return 0.0
        per_row = np.diff(self.patterns.indicators.indptr)
        votes = per_row * self.patterns.weight
        return float(of_choice * votes[per_row > 1].sum() / votes.sum())


def assumed_table(
    problem: RefinementProblem, prior: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """The log-table that the assumed precisions imply, shape (n_symbols, n_classes).

    For LFs with a choice, the odds of their class alone; for others log P(symbol | Y), such that the odds ratio of
    "votes" and "Y is its class" is r = precision (k - 1) / (1 - precision) and that P(symbol) and the
    class prior (uniform where None) are what they are. So a frequent vote says less than a rare one: it cannot be as
    precise, since its class is too small.
    """
    k = problem.n_classes
    table = np.zeros((len(problem.lf), k))
    if k == 1:
        return table
    share = or_uniform(prior, problem)
    precision = problem.symbol_precision
    ratio = precision * (k - 1) / (1 - precision)
    choice, named = problem.has_choice[problem.lf], problem.named
    table[named, problem.symbol_class[named]] = np.log(ratio[named])
    single = np.flatnonzero(~choice & (problem.symbol_class < k))
    own = problem.symbol_class[single]
    inside, outside = _margin_table(problem.frequency[single], share[own], ratio[single])
    table[single] = np.log(outside)[:, None]
    table[single, own] = np.log(inside)
    return table


def _margin_table(
    frequency: NDArray[np.float64], share: NDArray[np.float64], ratio: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(symbol | its class) and P(symbol | any other) of given odds ratio and margins.

    With x and z for these, x (1 - z) = r z (1 - x) and share x + (1 - share) z = frequency are a quadratic in x.
    """
    half = 1 + (ratio - 1) * (share + frequency)
    root = np.sqrt(half**2 - 4 * share * (ratio - 1) * frequency * ratio)
    inside = 2 * frequency * ratio / (half + root)
    return inside, inside / (ratio - (ratio - 1) * inside)


def assumed_start(
    problem: RefinementProblem,
    prior: NDArray[np.float64] | None,
    voted_prior: NDArray[np.float64] | None = None,
) -> VoteTable:
    """The table that the assumed precisions imply, and the prior of rows with votes, by default that of all rows."""
    voted = or_uniform(prior, problem) if voted_prior is None else voted_prior
    return VoteTable(assumed_table(problem, prior), np.log(voted))


def or_uniform(
    prior: NDArray[np.float64] | None, problem: RefinementProblem
) -> NDArray[np.float64]:
    """The class prior, uniform where None, shape (n_classes,)."""
    return np.full(problem.n_classes, 1 / problem.n_classes) if prior is None else prior


@dataclass(frozen=True)
class KeptVotes:
    """What a fit keeps of its votes.

    Attributes
    ----------
    n_samples : int
    overlaps : ndarray of shape (n_lfs,), dtype bool
        Whether each LF shares a row with another.
    cooccurrence : ndarray of shape (n_symbols, n_symbols) or None
        Rows in which two symbols occur.
    gold : GoldCounts or None
        Labels that were learned from.
    """

    n_samples: int
    overlaps: NDArray[np.bool_]
    cooccurrence: NDArray[np.float64] | None
    gold: GoldCounts | None = None

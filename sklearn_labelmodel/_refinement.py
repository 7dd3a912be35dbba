"""What each vote says of the classes, read from whole rows: expectation maximisation on tempered evidence.

Training fits mu to pairs of votes. Rows say more where labeling functions (LFs) cast different votes, as crowd
workers do: their confusion tables, and how frequent the classes are among rows with votes. LFs that only ever cast
one vote (keyword rules, mostly) are as frequent as their authors made them and say nothing of either; they keep the
table that their assumed precision implies.

References
----------
A. P. Dawid, A. M. Skene. Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm.
Journal of the Royal Statistical Society, Series C, 28(1), 1979.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ._classes import no_gold
from ._dependence import Copies, find_copies
from ._evidence import weigh
from ._objective import LEAST_PRECISION
from ._patterns import Patterns, read_patterns
from ._statistics import VoteStatistics
from ._votes import Votes

# Votes that each prior is worth: that of an LF's accuracy, and of each row of its confusion table.
PRIOR_VOTES = 5.0
# What a row's votes are divided by in the E-step: their number to this power.
TEMPERING = 0.25
TRIAL_STEPS = 2
# Rows hold more than so many votes, and so many of each LF, only to say the same more precisely.
MOST_VOTES, VOTES_PER_LF = 1 << 17, 512
BLOCK_CELLS = 1 << 18


@dataclass(frozen=True)
class VoteTable:
    """What each vote says of the classes, and how frequent these are.

    Attributes
    ----------
    log_table : ndarray of shape (n_symbols, n_classes)
        log P(vote | Y, the LF votes), or log P(vote | Y) for LFs of one symbol.
    log_prior : ndarray of shape (n_classes,)
        log P(Y | the row has a vote).
    """

    log_table: NDArray[np.float64]
    log_prior: NDArray[np.float64]


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


# The start ----------------------------------------------------------------------------------------


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
    share = _or_uniform(prior, problem)
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


# Expectation maximisation -------------------------------------------------------------------------


def refine(
    problem: RefinementProblem,
    prior: NDArray[np.float64] | None,
    n_steps: int,
    likeness: Any = None,
) -> VoteTable:
    """Learn what votes say, and where `prior` is None, how frequent classes are among rows with votes.

    Parameters
    ----------
    problem : RefinementProblem
    prior : ndarray of shape (n_classes,) or None
        Known class prior.
    n_steps : int
    likeness : CSR array of shape (n_symbols, n_symbols), default=None
        As `weigh` takes it.

    Returns
    -------
    VoteTable
    """
    uniform = np.full(problem.n_classes, 1 / problem.n_classes)
    log_prior = np.log(uniform if prior is None else prior)
    start = VoteTable(assumed_table(problem, prior), log_prior)
    learn_prior = prior is None
    return maximise(problem, start, n_steps, TEMPERING, learn_prior=learn_prior, likeness=likeness)


def refine_copies(
    problem: RefinementProblem, prior: NDArray[np.float64] | None, n_steps: int
) -> tuple[VoteTable, Copies]:
    """As `refine`, with LFs that copy each other found on the way, and their votes counted less.

    Copies outvote the others, and whoever believes them long enough finds nothing odd in their agreement. So they
    are looked for after two steps; these are forgotten, and votes are weighed from then on. After `n_steps`,
    which know the accuracies better, the weights are found anew, for as many more.

    Returns
    -------
    table : VoteTable
    copies : Copies
    """
    trial = refine(problem, prior, TRIAL_STEPS)
    copies = _find_copies(problem, trial, prior)
    if not problem.has_choice.any():
        return trial, copies

    def learn(start: VoteTable) -> VoteTable:
        learn_prior, weights = prior is None, copies.weights
        return maximise(problem, start, n_steps, 0.0, learn_prior=learn_prior, weights=weights)

    table = learn(_start(problem, prior))
    copies = _find_copies(problem, table, prior)
    return learn(table), copies


def _start(problem: RefinementProblem, prior: NDArray[np.float64] | None) -> VoteTable:
    log_prior = np.log(_or_uniform(prior, problem))
    return VoteTable(assumed_table(problem, prior), log_prior)


def _or_uniform(
    prior: NDArray[np.float64] | None, problem: RefinementProblem
) -> NDArray[np.float64]:
    return np.full(problem.n_classes, 1 / problem.n_classes) if prior is None else prior


def _find_copies(
    problem: RefinementProblem, table: VoteTable, prior: NDArray[np.float64] | None
) -> Copies:
    return find_copies(
        problem.statistics,
        np.exp(table.log_table),
        np.exp(table.log_prior),
        _or_uniform(prior, problem),
    )


def maximise(
    problem: RefinementProblem,
    start: VoteTable,
    n_steps: int,
    tempering: float,
    *,
    learn_prior: bool,
    weights: NDArray[np.float64] | None = None,
    likeness: Any = None,
) -> VoteTable:
    """Steps of expectation maximisation.

    E-step: P(Y | row) is proportional to P(Y | votes) exp(sum of the row's log-tables / votes ** tempering).
    M-step: with C the expected counts, an LF's accuracy is its expected right votes over all, and its table is C over
    its sum, both after adding five votes: of the assumed precision, and of the table that this accuracy implies.
    The class prior is in proportion to (rows of the class + 1) to the power `problem.identified`.

    Parameters
    ----------
    problem : RefinementProblem
    start : VoteTable
    n_steps : int
    tempering : float
        In [0, 1].
    learn_prior : bool
    weights : ndarray of shape (n_symbols,), default=None
        How much each vote counts as evidence, in (0, 1].
    likeness : CSR array of shape (n_symbols, n_symbols), default=None
        As `weigh` takes it.
    """
    if not problem.has_choice.any():
        return start
    blocks = list(_blocks(problem, tempering, weights, likeness))
    power = problem.identified if learn_prior else 0.0
    table = start
    for _ in range(n_steps):
        counts, rows = _expect(blocks, table)
        table = VoteTable(_log_table(problem, table, counts), table.log_prior)
        if learn_prior:
            table = replace(table, log_prior=_log_shares(power * np.log(rows + 1)))
    return table


@dataclass(frozen=True)
class _Block:
    """Some patterns: their symbols, how each counts as evidence, what sums are divided by, and rows of each."""

    indicators: Any
    evidence: Any
    divisor: NDArray[np.float64]
    weight: NDArray[np.float64]


def _blocks(
    problem: RefinementProblem,
    tempering: float,
    weights: NDArray[np.float64] | None = None,
    likeness: Any = None,
) -> Iterator[_Block]:
    n_rows = max(BLOCK_CELLS // problem.n_classes, len(problem.lf))
    patterns = problem.patterns
    for start in range(0, len(patterns.weight), n_rows):
        rows = slice(start, start + n_rows)
        whole = n_rows >= len(patterns.weight)
        indicators = patterns.indicators if whole else patterns.indicators[rows]
        evidence = indicators if likeness is None else weigh(indicators, likeness)
        if weights is not None:
            evidence = _scaled(evidence, weights)
        votes = np.maximum(np.asarray(evidence.sum(axis=1)), 1.0)
        yield _Block(indicators, evidence, votes**tempering, patterns.weight[rows])


def _scaled(votes: Any, weights: NDArray[np.float64]) -> Any:
    data = votes.data * weights[votes.indices]
    return sp.csr_array((data, votes.indices, votes.indptr), shape=votes.shape)


def _posterior_of(block: _Block, table: VoteTable) -> NDArray[np.float64]:
    """P(Y | row) of a block's patterns, shape (n_classes, n_patterns)."""
    scores = np.ascontiguousarray((block.evidence @ table.log_table).T)
    scores /= block.divisor
    scores += table.log_prior[:, None]
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def _expect(
    blocks: list[_Block], table: VoteTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected rows of each class that hold each symbol, and of each class."""
    counts, rows = np.zeros_like(table.log_table), np.zeros_like(table.log_prior)
    for block in blocks:
        expected = _posterior_of(block, table) * block.weight
        counts += block.indicators.T @ np.ascontiguousarray(expected.T)
        rows += expected.sum(axis=1)
    return counts, rows


def _log_table(
    problem: RefinementProblem, table: VoteTable, counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    lf, k = problem.lf, problem.n_classes
    named, symbol_class = problem.named, problem.symbol_class[problem.named]
    # A sample may miss symbols; they get the one-coin table too.
    votes = np.maximum(counts.sum(axis=1), 1e-3)
    for_class = np.bincount(lf[named], votes[named], minlength=problem.votes.n_lfs)
    of_lf = np.bincount(lf, votes, minlength=problem.votes.n_lfs)
    right = np.bincount(lf[named], counts[named, symbol_class], minlength=problem.votes.n_lfs)[lf]
    accuracy = (right + PRIOR_VOTES * problem.symbol_precision) / (for_class[lf] + PRIOR_VOTES)
    naming = for_class[lf] / np.maximum(of_lf[lf], 1e-12)
    # The one-coin table; votes that are no class are as frequent whatever the class.
    center = votes / np.maximum(of_lf[lf], 1e-12)
    center[named] = (naming * (1 - accuracy))[named] / max(1, k - 1)
    smoothed = counts + PRIOR_VOTES * center[:, None]
    own = (naming * accuracy)[named] - center[named]
    smoothed[named, symbol_class] += PRIOR_VOTES * own
    firsts = np.flatnonzero(np.diff(lf, prepend=-1))
    total = np.log(np.add.reduceat(counts, firsts) + PRIOR_VOTES)
    log_table = np.log(smoothed, out=smoothed)
    log_table -= np.repeat(total, np.diff(firsts, append=len(lf)), axis=0)
    return np.where(problem.has_choice[lf][:, None], log_table, table.log_table)


def _log_shares(log_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return log_weights - np.log(np.exp(log_weights - log_weights.max()).sum()) - log_weights.max()


def estimated_prior(problem: RefinementProblem, refined: VoteTable) -> NDArray[np.float64]:
    """P(Y) of rows with votes as far as they tell it, else what one step from the assumed precisions says.

    Parameters
    ----------
    problem : RefinementProblem
    refined : VoteTable
        Of an unknown class prior.

    Returns
    -------
    prior : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    """
    uniform = np.full(problem.n_classes, -np.log(problem.n_classes))
    start = VoteTable(assumed_table(problem, None), uniform)
    _, rows = _expect(list(_blocks(problem, 0.5)), start)
    rest = 1 - problem.identified
    prior = np.exp(_log_shares(refined.log_prior + rest * np.log(rows / rows.sum() + 1e-12)))
    return np.asarray(prior / prior.sum())

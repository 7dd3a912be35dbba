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

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._evidence.combine import PatternBlock, pattern_blocks, posterior_of
from .._evidence.table import PRIOR_VOTES, VoteTable
from .copies import Copies, find_copies
from .observed import RefinementProblem, assumed_start, or_uniform

# What a row's votes are divided by in the E-step: their number to this power. Votes that are weighed are not tempered.
E_STEP_TEMPERING = 0.25


TRIAL_STEPS = 2


def refine(
    problem: RefinementProblem,
    prior: NDArray[np.float64] | None,
    n_steps: int,
    likeness: Any = None,
    *,
    voted_prior: NDArray[np.float64] | None = None,
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
    voted_prior : ndarray of shape (n_classes,), default=None
        That of rows with votes, where it is another one.

    Returns
    -------
    VoteTable
    """
    start, learn_prior = assumed_start(problem, prior, voted_prior), prior is None
    return maximise(
        problem, start, n_steps, E_STEP_TEMPERING, learn_prior=learn_prior, likeness=likeness
    )


def refine_copies(
    problem: RefinementProblem,
    prior: NDArray[np.float64] | None,
    n_steps: int,
    *,
    voted_prior: NDArray[np.float64] | None = None,
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
    trial = refine(problem, prior, TRIAL_STEPS, voted_prior=voted_prior)
    copies = _find_copies(problem, trial, prior)
    if not problem.has_choice.any():
        return trial, copies

    def learn(start: VoteTable) -> VoteTable:
        learn_prior, weights = prior is None, copies.weights
        return maximise(problem, start, n_steps, 0.0, learn_prior=learn_prior, weights=weights)

    table = learn(assumed_start(problem, prior, voted_prior))
    copies = _find_copies(problem, table, prior)
    return learn(table), copies


def _find_copies(
    problem: RefinementProblem, table: VoteTable, prior: NDArray[np.float64] | None
) -> Copies:
    return find_copies(
        problem.statistics,
        np.exp(table.log_table),
        np.exp(table.log_prior),
        or_uniform(prior, problem),
        problem.precision,
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
    blocks = list(pattern_blocks(problem.patterns, problem.n_classes, tempering, weights, likeness))
    power = problem.identified if learn_prior else 0.0
    table = start
    for _ in range(n_steps):
        counts, rows = _expect(blocks, table)
        table = VoteTable(_log_table(problem, table, counts), table.log_prior)
        if learn_prior:
            table = replace(table, log_prior=_log_shares(power * np.log(rows + 1)))
    return table


def _expect(
    blocks: list[PatternBlock], table: VoteTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected rows of each class that hold each symbol, and of each class."""
    counts, rows = np.zeros_like(table.log_table), np.zeros_like(table.log_prior)
    for block in blocks:
        posterior = posterior_of(block.scores(table.log_table), table.log_prior)
        rows += posterior @ block.weight
        counts += block.expect(posterior)
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

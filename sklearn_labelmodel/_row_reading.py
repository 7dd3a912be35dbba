"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dependence import Copies
from ._evidence.dependence import groups_of, symbol_likeness
from ._evidence.prior import ClassShares, KnownPrior, told_prior
from ._evidence.table import VoteTable
from ._refinement import refine, refine_copies
from ._refinement_problem import RefinementProblem, or_uniform
from ._votes.gold import GoldCounts

# Where rows are read for the class prior alone.
PRIOR_STEPS = 5


@dataclass(frozen=True)
class RowReading:
    """What rows tell before training.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    voted : ClassShares or None
        Shares of the classes among rows with votes; None where nothing but votes says them.
    table : VoteTable or None
        None where mu alone is to say what votes say.
    pairs : ndarray of shape (n_pairs, 2)
        Columns of LFs that copy each other.
    weights : ndarray of shape (n_symbols,)
        How much each vote counts, in (0, 1].
    likeness : CSR array of shape (n_symbols, n_symbols) or None
        As `weigh` takes it; None where every vote counts in full.
    groups : CSR array of shape (n_lfs, n_lfs) or None
        1 between LFs that training is to leave out: those declared, or copies for sure. (Leaving out all that were
        found made labels worse.)
    """

    prior: NDArray[np.float64]
    voted: ClassShares | None
    table: VoteTable | None
    pairs: NDArray[np.intp]
    weights: NDArray[np.float64]
    likeness: Any
    groups: Any


def read_rows(
    problem: RefinementProblem,
    known: KnownPrior | None,
    gold: GoldCounts | None,
    *,
    estimate: bool,
    pairs: NDArray[np.intp] | None,
    n_steps: int,
) -> RowReading:
    """Read the rows as far as the parameters ask for it.

    Parameters
    ----------
    problem : RefinementProblem
    known : KnownPrior or None
    gold : GoldCounts or None
        Labels that the class prior is learned from, where it is not known, and that of rows with votes.
    estimate : bool
        Whether to learn the class prior from the votes, where nothing else says it; else it is uniform.
    pairs : ndarray of shape (n_pairs, 2) or None
        Columns of LFs that copy each other; None: find them.
    n_steps : int
        Of expectation maximisation. 0: mu alone is to say what votes say.
    """
    declared = np.zeros((0, 2), dtype=np.intp) if pairs is None else pairs
    likeness = None
    if len(declared):
        groups = groups_of(declared, problem.votes.n_lfs)
        likeness = symbol_likeness(groups, problem.lf, problem.vote)
    nothing_found = Copies(np.ones(len(problem.lf)), declared, declared)

    def read(known: KnownPrior | None) -> tuple[VoteTable, Copies]:
        prior, voted = (known.prior, known.voted.shares) if known else (None, None)
        steps = n_steps or PRIOR_STEPS
        if pairs is None:
            return refine_copies(problem, prior, steps, voted_prior=voted)
        return refine(problem, prior, steps, likeness, voted_prior=voted), nothing_found

    table, copies = None, nothing_found
    if known is None and (n_steps or estimate):
        table, copies = read(None)
    if gold is not None:
        known = _with_labels(known, gold, table, problem)
    if known is not None and n_steps:
        table, copies = read(known)
    if known is not None:
        prior = known.prior
    else:
        prior = np.exp(table.log_prior) if estimate and table else or_uniform(None, problem)
    if not n_steps:
        table, copies = None, nothing_found
    groups = groups_of(copies.sure, problem.votes.n_lfs) if len(copies.sure) else None
    voted = None if known is None else known.voted
    return RowReading(prior, voted, table, copies.near_duplicates, copies.weights, likeness, groups)


def _with_labels(
    known: KnownPrior | None, gold: GoldCounts, table: VoteTable | None, problem: RefinementProblem
) -> KnownPrior:
    """What labels tell of rows with votes, and where it is not known of all rows."""
    said = np.exp(table.log_prior) if table else None
    center = or_uniform(said, problem) if known is None else known.prior
    patterns = problem.patterns
    voted_share = float(patterns.weight.sum() / patterns.n_samples)
    told = told_prior(gold, center, problem.statistics.n_samples, voted_share)
    if known is None:
        return told
    # Few labels must not make what is given less certain.
    return KnownPrior(known.prior, ClassShares(told.voted.shares))

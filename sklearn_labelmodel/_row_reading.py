"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchored_prior
from ._dependence import Copies, groups_of, symbol_likeness
from ._refinement import refine, refine_copies
from ._refinement_problem import ClassShares, RefinementProblem, VoteTable, or_uniform
from ._statistics import GoldCounts

STEPS = 5


@dataclass(frozen=True)
class RowReading:
    """What rows tell before training.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    known : ClassShares or None
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
    known: ClassShares | None
    table: VoteTable | None
    pairs: NDArray[np.intp]
    weights: NDArray[np.float64]
    likeness: Any
    groups: Any


def read_rows(
    problem: RefinementProblem,
    given: NDArray[np.float64] | None,
    known: ClassShares | None,
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
    given : ndarray of shape (n_classes,) or None
        Known class prior.
    known : ClassShares or None
        That of rows with votes, where `given` is.
    gold : GoldCounts or None
        Labels that both are learned from: the former where it is not given.
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

    def read(
        prior: NDArray[np.float64] | None, known: ClassShares | None
    ) -> tuple[VoteTable, Copies]:
        voted, steps = None if known is None else known.shares, n_steps or STEPS
        if pairs is None:
            return refine_copies(problem, prior, steps, voted_prior=voted)
        return refine(problem, prior, steps, likeness, voted_prior=voted), nothing_found

    prior = or_uniform(given, problem)
    table, copies = None, nothing_found
    if given is None and (n_steps or estimate):
        table, copies = read(None, None)
    if gold is not None:
        center = np.exp(table.log_prior) if table else prior
        voted_share = problem.patterns.weight.sum() / problem.patterns.n_samples
        learned, known = _learned_from(gold, center, problem.statistics.n_samples, voted_share)
        if given is None:
            prior = learned
        else:
            # Few labels must not make what is given less certain.
            known = ClassShares(known.shares)
    elif given is None and estimate and table:
        prior = np.exp(table.log_prior)
    if known is not None and n_steps:
        table, copies = read(prior, known)
    if not n_steps:
        table, copies = None, nothing_found
    groups = groups_of(copies.sure, problem.votes.n_lfs) if len(copies.sure) else None
    return RowReading(prior, known, table, copies.near_duplicates, copies.weights, likeness, groups)


def _learned_from(
    gold: GoldCounts, center: NDArray[np.float64], n_samples: int, voted_share: float
) -> tuple[NDArray[np.float64], ClassShares]:
    """The class prior that labels tell, and that of rows with votes."""
    prior = anchored_prior(gold.rows, center, n_samples)
    voted = gold.rows - gold.voteless
    if not voted.any():
        return prior, ClassShares(prior, float(gold.rows.sum()))
    shares = anchored_prior(voted, center, max(n_samples * voted_share, voted.sum()))
    return prior, ClassShares(shares, float(voted.sum()))

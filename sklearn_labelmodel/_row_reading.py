"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchored_prior
from ._dependence import Copies, groups_of, symbol_likeness
from ._refinement import refine, refine_copies
from ._refinement_problem import RefinementProblem, VoteTable

STEPS = 5


@dataclass(frozen=True)
class RowReading:
    """What rows tell before training.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    n_labels : float or None
        Labelled rows that say so, infinitely many where the class prior is given; None where nothing says it.
    table : VoteTable or None
        None where mu alone is to say what votes say.
    pairs : ndarray of shape (n_pairs, 2)
        Columns of LFs that copy each other.
    weights : ndarray of shape (n_symbols,)
        How much each vote counts, in (0, 1].
    likeness : CSR array of shape (n_symbols, n_symbols) or None
        As `weigh` takes it; None where every vote counts in full.
    groups : CSR array of shape (n_lfs, n_lfs) or None
        1 between LFs that training is to leave out: those declared. (Leaving out found ones made labels worse.)
    """

    prior: NDArray[np.float64]
    n_labels: float | None
    table: VoteTable | None
    pairs: NDArray[np.intp]
    weights: NDArray[np.float64]
    likeness: Any
    groups: Any


def read_rows(
    problem: RefinementProblem,
    given: NDArray[np.float64] | None,
    gold_rows: NDArray[np.float64],
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
    gold_rows : ndarray of shape (n_classes,)
        Labelled rows of each class, from which the class prior is learned where it is not given.
    estimate : bool
        Whether to learn the class prior from the votes, where nothing else says it; else it is uniform.
    pairs : ndarray of shape (n_pairs, 2) or None
        Columns of LFs that copy each other; None: find them.
    n_steps : int
        Of expectation maximisation. 0: mu alone is to say what votes say.
    """
    declared = np.zeros((0, 2), dtype=np.intp) if pairs is None else pairs
    groups = groups_of(declared, problem.votes.n_lfs) if len(declared) else None
    likeness = None if groups is None else symbol_likeness(groups, problem.lf, problem.vote)
    nothing_found = Copies(np.ones(len(problem.lf)), declared)

    def read(prior: NDArray[np.float64] | None) -> tuple[VoteTable, Copies]:
        if pairs is None:
            return refine_copies(problem, prior, n_steps or STEPS)
        return refine(problem, prior, n_steps or STEPS, likeness), nothing_found

    uniform = np.full(problem.n_classes, 1 / problem.n_classes)
    known, table, copies = given, None, nothing_found
    n_labels = None if given is None else np.inf
    if known is None and (n_steps or estimate):
        table, copies = read(None)
    if known is None and gold_rows.any():
        center = np.exp(table.log_prior) if table else uniform
        known = anchored_prior(gold_rows, center, problem.statistics.n_samples)
        n_labels = float(gold_rows.sum())
    prior = uniform if known is None else known
    if known is None and estimate and table:
        prior = np.exp(table.log_prior)
    if known is not None and n_steps:
        table, copies = read(known)
    if not n_steps:
        table, copies = None, nothing_found
    return RowReading(
        prior, n_labels, table, copies.near_duplicates, copies.weights, likeness, groups
    )

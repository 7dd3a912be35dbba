"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchor_log_table, anchored_prior
from ._dependence import groups_of, symbol_likeness
from ._refinement import RefinementProblem, VoteTable, estimated_prior, refine, refine_copies

STEPS = 5


@dataclass(frozen=True)
class RowReading:
    """What rows tell.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    table : VoteTable or None
        None where mu alone is to say what votes say.
    pairs : ndarray of shape (n_pairs, 2)
        Columns of LFs that copy each other.
    likeness : CSR array of shape (n_symbols, n_symbols) or None
        As `weigh` takes it; None where every vote counts in full.
    n_lfs : int
    """

    prior: NDArray[np.float64]
    table: VoteTable | None
    pairs: NDArray[np.intp]
    likeness: Any
    n_lfs: int

    @property
    def voted_prior(self) -> NDArray[np.float64]:
        """P(Y | the row has a vote), shape (n_classes,)."""
        return self.prior if self.table is None else np.exp(self.table.log_prior)

    @property
    def groups(self) -> Any:
        """1 between LFs that pairs connect, CSR array of shape (n_lfs, n_lfs), or None without pairs."""
        return groups_of(self.pairs, self.n_lfs) if len(self.pairs) else None

    def anchored(
        self,
        problem: RefinementProblem,
        gold_counts: NDArray[np.float64],
        gold_rows: NDArray[np.float64],
        strength: NDArray[np.float64],
    ) -> RowReading:
        """With what gold labels say of the votes; see `anchor_log_table`."""
        if self.table is None:
            return self
        log_table = anchor_log_table(
            self.table.log_table, problem.lf, problem.has_choice, gold_counts, gold_rows, strength
        )
        return replace(self, table=replace(self.table, log_table=log_table))

    def evidence(self, mu: NDArray[np.float64], problem: RefinementProblem) -> NDArray[np.float64]:
        """The logarithm of the geometric mean of both accounts of P(symbol | Y), mu and the table."""
        if self.table is None:
            return np.log(mu)
        scale = np.where(problem.has_choice, problem.coverage, 1.0)[problem.lf]
        return (np.log(mu) + self.table.log_table + np.log(scale)[:, None]) / 2


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
    uniform = np.full(problem.n_classes, 1 / problem.n_classes)
    likeness = None if pairs is None or not len(pairs) else _declared(problem, pairs)
    known, table = given, None
    if known is None and (n_steps or estimate):
        table = refine(problem, None, n_steps or STEPS, likeness)
    if known is None and gold_rows.any():
        center = np.exp(table.log_prior) if table else uniform
        known = anchored_prior(gold_rows, center, problem.statistics.n_samples)
    prior = uniform if known is None else known
    if known is None and estimate and table:
        prior = estimated_prior(problem, table)
    if pairs is None:
        table, likeness, pairs = refine_copies(problem, known, n_steps or STEPS)
    elif known is not None and n_steps:
        table = refine(problem, known, n_steps, likeness)
    return RowReading(prior, table if n_steps else None, pairs, likeness, problem.votes.n_lfs)


def _declared(problem: RefinementProblem, pairs: NDArray[np.intp]) -> Any:
    groups = groups_of(pairs, problem.votes.n_lfs)
    return symbol_likeness(groups, problem.lf, problem.vote)

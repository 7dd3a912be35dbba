"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchor_log_table, anchored_prior, anchored_voteless_prior
from ._dependence import Copies, groups_of, symbol_likeness
from ._pattern_blocks import PatternBlock, pattern_blocks
from ._refinement import refine, refine_copies
from ._refinement_problem import RefinementProblem, VoteTable
from ._share_matching import confirmed_table, expected_counts, match_shares

STEPS = 5
CONFIRMATIONS = 3


@dataclass(frozen=True)
class RowReading:
    """What rows tell.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    n_labels : float or None
        Labelled rows that say so, infinitely many where the class prior is given; None where nothing says it.
    voteless_prior : ndarray of shape (n_classes,)
        P(Y | the row has no vote): the class prior, but for labels of such rows.
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
    voteless_prior: NDArray[np.float64]
    table: VoteTable | None
    pairs: NDArray[np.intp]
    weights: NDArray[np.float64]
    likeness: Any
    groups: Any

    @property
    def knows_prior(self) -> bool:
        """Whether rows were read in the light of a known class prior."""
        return self.table is not None and self.n_labels is not None

    def confirmed(
        self, problem: RefinementProblem, mu: NDArray[np.float64], tempering: float
    ) -> RowReading:
        """With what labels of known shares say of LFs of one symbol; see `confirmed_table`."""
        table, n_labels = self.table, self.n_labels
        if table is None or n_labels is None or problem.has_choice.all():
            return self
        blocks = self._blocks(problem, tempering)
        for _ in range(CONFIRMATIONS):
            evidence = replace(self, table=table).evidence(mu, problem)
            factors = match_shares(blocks, evidence, self.prior, n_labels)
            counts = expected_counts(blocks, evidence, self.prior, factors)
            log_table = confirmed_table(problem, table.log_table, counts, self.prior)
            table = replace(table, log_table=log_table)
        return replace(self, table=table)

    def anchored(
        self,
        problem: RefinementProblem,
        gold_counts: NDArray[np.float64],
        gold_rows: NDArray[np.float64],
        strength: NDArray[np.float64],
        voteless_gold_rows: NDArray[np.float64],
    ) -> RowReading:
        """With what gold labels say of the votes, see `anchor_log_table`, and of rows that have none."""
        if self.table is None:
            return self
        log_table = anchor_log_table(
            self.table.log_table, problem.lf, problem.has_choice, gold_counts, gold_rows, strength
        )
        return replace(
            self,
            voteless_prior=anchored_voteless_prior(voteless_gold_rows, self.prior),
            table=replace(self.table, log_table=log_table),
        )

    def evidence(self, mu: NDArray[np.float64], problem: RefinementProblem) -> NDArray[np.float64]:
        """The logarithm of the geometric mean of both accounts of P(symbol | Y), mu and the table."""
        if self.table is None:
            return np.log(mu)
        scale = np.where(problem.has_choice, problem.coverage, 1.0)[problem.lf]
        return (np.log(mu) + self.table.log_table + np.log(scale)[:, None]) / 2

    def voted_prior(
        self, problem: RefinementProblem, evidence: NDArray[np.float64], tempering: float
    ) -> NDArray[np.float64]:
        """P(Y | the row has one vote), shape (n_classes,): learned, or such that labels have the known shares."""
        if self.table is None:
            return self.prior
        if self.n_labels is None:
            return np.exp(self.table.log_prior)
        factors = match_shares(
            self._blocks(problem, tempering), evidence, self.prior, self.n_labels
        )
        prior = self.prior * np.exp(factors - factors.max())
        return np.asarray(prior / prior.sum())

    def _blocks(self, problem: RefinementProblem, tempering: float) -> list[PatternBlock]:
        patterns, k = problem.patterns, problem.n_classes
        return list(pattern_blocks(patterns, k, tempering, self.weights, self.likeness))


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
        prior, n_labels, prior, table, copies.near_duplicates, copies.weights, likeness, groups
    )

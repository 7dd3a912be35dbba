"""What votes say in the end: mu and the rows' table combined, and the classes of rows with votes and without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchor_log_table, anchor_strength, anchored_voteless_prior
from ._evidence.combine import pattern_blocks
from ._refinement_problem import RefinementProblem
from ._row_reading import RowReading
from ._share_matching import MatchedRows, confirmed_table, voted_shares
from ._votes.gold import GoldCounts

CONFIRMATIONS = 3
# The part of a learned prior of rows with votes that is tempered. All of it would make labels those of votes that err
# independently, and none of it outweighs many votes for a rare class.
TEMPERED = 0.75


@dataclass(frozen=True)
class FinalEvidence:
    """What votes say of the classes, and what is known without them.

    Attributes
    ----------
    log_table : ndarray of shape (n_symbols, n_classes)
        Log-likelihoods of each vote; where silence is evidence, against those of its silence.
    voted_prior : ndarray of shape (n_classes,)
        Prior of a row with one vote.
    tempered_log_prior : ndarray of shape (n_classes,)
        The part of its logarithm that is tempered where a row has more: known shares and what silence says, else
        three quarters of what EM learned.
    voteless_prior : ndarray of shape (n_classes,)
        P(Y | the row has no vote).
    """

    log_table: NDArray[np.float64]
    voted_prior: NDArray[np.float64]
    tempered_log_prior: NDArray[np.float64]
    voteless_prior: NDArray[np.float64]


def combine(
    problem: RefinementProblem,
    reading: RowReading,
    mu: NDArray[np.float64],
    tempering: float,
    gold: GoldCounts | None,
) -> FinalEvidence:
    """Combine what training and rows told, and gold labels that anchor.

    Parameters
    ----------
    problem : RefinementProblem
    reading : RowReading
    mu : ndarray of shape (n_symbols, n_classes)
    tempering : float
        In [0, 1].
    gold : GoldCounts or None
    """
    prior = reading.prior
    nothing = np.zeros_like(prior)
    if reading.table is None:
        return FinalEvidence(np.log(mu), prior, nothing, prior)
    log_table = reading.table.log_table
    # Labels tell themselves how precise LFs are, and how frequent classes among rows with votes.
    given = gold is None and reading.voted is not None and bool(np.isinf(reading.voted.n_labels))
    rows = _matched_rows(problem, reading, tempering, silence=given)
    if rows is not None:
        mu = as_frequent(problem, mu)
    if rows is not None and given:
        log_table, rows = _confirm(problem, mu, log_table, rows)
    voteless_prior = prior
    if gold is not None:
        strength = anchor_strength(problem.frequency)
        log_table = anchor_log_table(log_table, problem.lf, problem.has_choice, gold, strength)
        voteless_prior = anchored_voteless_prior(gold, prior)
    combined = mean_log_table(problem, mu, log_table)
    if rows is None:
        log_prior = reading.table.log_prior
        return FinalEvidence(combined, np.exp(log_prior), TEMPERED * log_prior, voteless_prior)
    evidence, tempered = rows.against_silence(combined), rows.log_shares(combined)
    return FinalEvidence(evidence, rows.voted_prior(combined), tempered, voteless_prior)


def _matched_rows(
    problem: RefinementProblem, reading: RowReading, tempering: float, *, silence: bool
) -> MatchedRows | None:
    if reading.voted is None:
        return None
    telling = silence & ~problem.has_choice[problem.lf]
    patterns, k = problem.patterns, problem.n_classes
    blocks = pattern_blocks(patterns, k, tempering, reading.weights, reading.likeness)
    return MatchedRows(reading.voted, list(blocks), telling)


def as_frequent(problem: RefinementProblem, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mu in which LFs with a choice vote as often in every class as they do in all rows.

    How often they vote says much of the class where nothing else tells which classes rows with votes have; where
    that is known, it would be said once more by each of a row's votes.
    """
    spoken = np.zeros((problem.votes.n_lfs, mu.shape[1]))
    np.add.at(spoken, problem.lf, mu)
    scale = np.ones_like(spoken)
    np.divide(problem.coverage[:, None], spoken, out=scale, where=problem.has_choice[:, None])
    return np.asarray(mu * scale[problem.lf])


def mean_log_table(
    problem: RefinementProblem, mu: NDArray[np.float64], log_table: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The logarithm of the geometric mean of mu and the rows' table."""
    scale = np.where(problem.has_choice, problem.coverage, 1.0)[problem.lf]
    return (np.log(mu) + log_table + np.log(scale)[:, None]) / 2


def _confirm(
    problem: RefinementProblem,
    mu: NDArray[np.float64],
    log_table: NDArray[np.float64],
    rows: MatchedRows,
) -> tuple[NDArray[np.float64], MatchedRows]:
    """What rows of known shares say of LFs of one symbol, and these of the shares among rows with votes, in turns."""
    prior = rows.known.shares
    if problem.has_choice.all():
        return log_table, rows
    for _ in range(CONFIRMATIONS):
        rows = rows.with_shares(voted_shares(problem, log_table, prior))
        counts = rows.expected_counts(mean_log_table(problem, mu, log_table))
        log_table = confirmed_table(problem, log_table, counts, prior)
    return log_table, rows.with_shares(voted_shares(problem, log_table, prior))

"""What votes say in the end, by the trained mu and by whole rows, and what is known of rows without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._anchor import anchor_log_table, anchor_strength, anchored_voteless_prior
from ._pattern_blocks import pattern_blocks
from ._refinement_problem import RefinementProblem
from ._row_reading import RowReading
from ._share_matching import KnownShares, confirmed_table
from ._statistics import GoldCounts

CONFIRMATIONS = 3


@dataclass(frozen=True)
class VoteAccount:
    """What votes say of the classes, and what is known without them.

    Attributes
    ----------
    evidence : ndarray of shape (n_symbols, n_classes)
        Log-likelihoods of each vote.
    voted_prior, voteless_prior : ndarray of shape (n_classes,)
        P(Y) of rows with one vote, and with none.
    tempered_log_prior : ndarray of shape (n_classes,)
        The part of the former that more votes temper: the logarithm of a known class prior, else 0.
    """

    evidence: NDArray[np.float64]
    voted_prior: NDArray[np.float64]
    voteless_prior: NDArray[np.float64]
    tempered_log_prior: NDArray[np.float64]


def give_account(
    problem: RefinementProblem,
    reading: RowReading,
    mu: NDArray[np.float64],
    tempering: float,
    gold: GoldCounts | None,
) -> VoteAccount:
    """Put together what training and rows told.

    Parameters
    ----------
    problem : RefinementProblem
    reading : RowReading
    mu : ndarray of shape (n_symbols, n_classes)
    tempering : float
        In [0, 1].
    gold : GoldCounts or None
        Labels that anchor.
    """
    if reading.table is None:
        return VoteAccount(np.log(mu), reading.prior, reading.prior, np.zeros_like(reading.prior))
    log_table, voteless_prior = reading.table.log_table, reading.prior
    known = _known_shares(problem, reading, tempering)
    if known is not None:
        log_table = _confirm(problem, mu, log_table, known)
    if gold is not None:
        strength = anchor_strength(problem.frequency)
        log_table = anchor_log_table(log_table, problem.lf, problem.has_choice, gold, strength)
        voteless_prior = anchored_voteless_prior(gold, reading.prior)
    evidence = mean_evidence(problem, mu, log_table)
    if known is None:
        voted_prior = np.exp(reading.table.log_prior)
        return VoteAccount(evidence, voted_prior, voteless_prior, np.zeros_like(voted_prior))
    voted_prior = known.voted_prior(evidence)
    return VoteAccount(evidence, voted_prior, voteless_prior, np.log(reading.prior))


def _known_shares(
    problem: RefinementProblem, reading: RowReading, tempering: float
) -> KnownShares | None:
    if reading.n_labels is None:
        return None
    patterns, k = problem.patterns, problem.n_classes
    blocks = pattern_blocks(patterns, k, tempering, reading.weights, reading.likeness)
    return KnownShares(reading.prior, list(blocks), reading.n_labels)


def mean_evidence(
    problem: RefinementProblem, mu: NDArray[np.float64], log_table: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The logarithm of the geometric mean of both accounts of P(symbol | Y), mu and the table."""
    scale = np.where(problem.has_choice, problem.coverage, 1.0)[problem.lf]
    return (np.log(mu) + log_table + np.log(scale)[:, None]) / 2


def _confirm(
    problem: RefinementProblem,
    mu: NDArray[np.float64],
    log_table: NDArray[np.float64],
    known: KnownShares,
) -> NDArray[np.float64]:
    """The table with what labels of known shares say of LFs of one symbol.

    Gold labels tell more of these than labels of the shares that they have by chance do.
    """
    if problem.has_choice.all() or np.isfinite(known.n_labels):
        return log_table
    for _ in range(CONFIRMATIONS):
        counts = known.expected_counts(mean_evidence(problem, mu, log_table))
        log_table = confirmed_table(problem, log_table, counts, known.shares)
    return log_table

"""What whole rows tell before training: the class prior, what votes say, which labeling functions copy others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._evidence.combine import pattern_blocks
from .._evidence.dependence import groups_of, symbol_likeness
from .._evidence.prior import ClassShares, KnownPrior, told_prior
from .._evidence.table import VoteTable
from .._votes.gold import GoldCounts
from .copies import Copies
from .gold import anchor_log_table, anchor_strength, anchored_voteless_prior
from .observed import RefinementProblem, or_uniform
from .rows import refine, refine_copies
from .shares import MatchedRows, confirmed_table, voted_shares

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

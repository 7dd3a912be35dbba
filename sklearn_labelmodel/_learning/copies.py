"""Labeling functions (LFs) that copy each other, found by what they agree in beyond their accuracies.

All that is found comes from co-occurrences, so that it costs nothing a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._evidence.dependence import independent
from .._evidence.model import NO_PAIRS, Dependence, VoteModel
from .._votes.codes import is_bin
from .._votes.pairs import PairCounts, dense, sum_by_lf, symbols_by_vote
from .observed import Observed

if TYPE_CHECKING:
    from .._utils.types import PairMatrix

LEAST_RATIO, LEAST_SINGLE_RATIO, LEAST_SURE_RATIO, LEAST_Z = 0.5, 0.9, 0.4, 3.0
# Votes that LFs which are the same in every row cast.
LEAST_VOTES = 30.0
# Votes that independence is worth.
INDEPENDENT_VOTES = 5.0
# What tables that EM has not finished leave unexplained, whatever the number of rows.
LEAST_DEPENDENCE = 0.1
# Pairs of LFs are compared in arrays of their number squared.
MOST_LFS = 2000


def weigh_copies(observed: Observed, model: VoteModel) -> VoteModel:
    """Count votes of LFs less that agree more than this model's tables explain.

    Copies outvote the others, and whoever believes them long enough finds nothing odd in their agreement: so they are
    looked for early, and once more when accuracies are known better.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its accuracies are those that are assumed.
    """
    table, prior = np.exp(model.table.log_p), model.prior
    found = find_copies(observed.statistics, table, prior.of_voted, prior.of_mu, model.accuracies)
    return replace(model, dependence=found)


def find_copies(
    statistics: PairCounts,
    table: NDArray[np.float64],
    voted_prior: NDArray[np.float64],
    prior: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> Dependence:
    """Compare how often LFs agree with what independent errors would bring.

    Of the disagreements that are expected, the share that is missing:

        ratio = (agreements - expected) / (common rows - expected + 5),    z = (agreements - expected) / s.e.

    The dependence of two LFs is ratio (1 - 1 / z), or 0 where that is less than 0.1; near-duplicates have ratio > 0.5
    (0.9 between LFs of one symbol, since accurate ones vote together too) and z > 3.
    Many copies of one LF seem to be the truth, so that tables explain that they agree. Hence LFs are compared, too,
    with LFs of the assumed precision, or of their own frequencies of votes, whichever agree more often. Where that
    ratio is over 0.4, they are better than assumed, or copies. Who is better agrees with the other LFs more than these
    among each other; those that do not copy each other surely, and are near-duplicates too. So do those that cast the
    same votes, 30 or more, in the same rows, and are silent together more than by chance.
    LFs of one symbol never disagree where both vote: for two of these an agreement is a row in which both vote,
    common rows are those in which the rarer one does, and only near-duplicates depend on each other. So it is among
    bins of scores: what else judges agree in tempers rows (`temper_scores`). Of more than 2,000 LFs of a kind, none is
    compared.

    Parameters
    ----------
    statistics : PairCounts
    table : ndarray of shape (n_symbols, n_classes)
        P(vote | Y, the LF votes), or P(vote | Y) for LFs of one symbol.
    voted_prior, prior : ndarray of shape (n_classes,)
        P(Y | the row has a vote), and P(Y) that goes with the tables of LFs of one symbol.
    precision : ndarray of shape (n_lfs,)
        Precision that each LF is assumed to have.

    Returns
    -------
    found : Dependence
        A vote weighs 1 / (1 + the sum of its LF's dependence on others over the equal votes that are expected in its
        row). Pairs are near-duplicates; those of them that surely copy each other are left out of training. (Leaving
        out all that were found made labels worse.)
    """
    has_choice = np.bincount(statistics.lf, minlength=statistics.n_lfs) > 1
    weights = np.ones(len(statistics.lf))
    if table.shape[1] == 1:
        return independent(len(weights))
    near, sure = [NO_PAIRS], NO_PAIRS
    chooses, bins = has_choice[statistics.lf], is_bin(statistics.vote)
    choosing = _among(statistics, np.flatnonzero(chooses & ~bins))
    if 2 <= len(choosing.lfs) <= MOST_LFS:
        agreed, expected, common = _agreements(choosing, table[choosing.symbols], voted_prior)
        ratio, z = beyond_chance(agreed, expected, common)
        easily = _easy_agreements(choosing, precision[choosing.lfs], table.shape[1]) * common
        sure_ratio, sure_z = beyond_chance(agreed, easily, common)
        is_sure = (sure_ratio > LEAST_SURE_RATIO) & (sure_z > LEAST_Z)
        is_sure = _are_contradicted(is_sure, agreed, common)
        is_same = _are_the_same(agreed, choosing.n_samples)
        is_sure, sure_z = is_sure | is_same, np.where(is_same, np.inf, sure_z)
        ratio = np.where(is_sure, np.maximum(ratio, sure_ratio), ratio)
        z = np.where(is_sure, np.maximum(z, sure_z), z)
        weights[choosing.symbols] = 1 / (1 + _shared(choosing, _dependence(ratio, z)))
        near.append(choosing.pairs(is_sure | (ratio > LEAST_RATIO) & (z > LEAST_Z)))
        sure = choosing.pairs(is_sure)
    judges = _among(statistics, np.flatnonzero(chooses & bins))
    if 2 <= len(judges.lfs) <= MOST_LFS:
        ratio, z = beyond_chance(*_agreements(judges, table[judges.symbols], voted_prior))
        is_near = (ratio > LEAST_RATIO) & (z > LEAST_Z)
        weights[judges.symbols] = 1 / (1 + _shared(judges, _dependence(ratio, z) * is_near))
        near.append(judges.pairs(is_near))
    single = _among(statistics, np.flatnonzero(~has_choice[statistics.lf]))
    if 2 <= len(single.lfs) <= MOST_LFS:
        ratio, z = beyond_chance(*common_rows(single, table[single.symbols], prior))
        is_near = (ratio > LEAST_SINGLE_RATIO) & (z > LEAST_Z)
        weights[single.symbols] = 1 / (1 + _shared(single, _dependence(ratio, z) * is_near))
        near.append(single.pairs(is_near))
    return Dependence(np.concatenate(near), weights, apart=sure)


def _dependence(ratio: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    dependence = ratio * (1 - 1 / np.maximum(z, 1.0))
    return np.where(dependence < LEAST_DEPENDENCE, 0.0, dependence)


@dataclass(frozen=True)
class Symbols:
    """Some symbols: their LFs, which of these each has, which vote it is, and how often they occur together."""

    symbols: NDArray[np.intp]
    lfs: NDArray[np.intp]
    own: NDArray[np.intp]
    by_vote: list[NDArray[np.intp]]
    together: PairMatrix
    n_samples: float

    def by_lf(self, matrix: PairMatrix) -> NDArray[np.float64]:
        """Sums over the symbols of LFs, shape (n_lfs, n_lfs)."""
        return sum_by_lf(matrix, self.own, len(self.lfs))

    def pairs(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Columns of the pairs of LFs that a symmetric matrix chooses, shape (n_pairs, 2), the lower one first."""
        return self.lfs[np.argwhere(np.triu(chosen))]


def _among(statistics: PairCounts, symbols: NDArray[np.intp]) -> Symbols:
    lfs, own = np.unique(statistics.lf[symbols], return_inverse=True)
    by_vote = symbols_by_vote(statistics.vote[symbols]) if len(symbols) else []
    together = statistics.cooccurrence
    if len(symbols) < len(statistics.lf):
        together = together[symbols][:, symbols]
    return Symbols(symbols, lfs, own, by_vote, together, statistics.n_samples)


def _agreements(
    some: Symbols, table: NDArray[np.float64], voted_prior: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Agreements of LFs, those expected, and common rows, shape (n_lfs, n_lfs)."""
    shape = (len(some.lfs), len(some.lfs))
    agreed, expected = np.zeros(shape), np.zeros(shape)
    for symbols in some.by_vote:
        pairs = np.ix_(some.own[symbols], some.own[symbols])
        agreed[pairs] += dense(some.together[symbols][:, symbols])
        expected[pairs] += (table[symbols] * voted_prior) @ table[symbols].T
    common = some.by_lf(some.together)
    return agreed, expected * common, common


def _easy_agreements(
    some: Symbols, precision: NDArray[np.float64], n_classes: int
) -> NDArray[np.float64]:
    """Share of common rows in which LFs of these precisions, or of these frequencies of votes, agree by chance."""
    counts = np.asarray(some.together.diagonal(), dtype=np.float64)
    frequency = counts / np.bincount(some.own, counts)[some.own]
    by_chance = np.zeros((len(some.lfs), len(some.lfs)))
    for symbols in some.by_vote:
        own = some.own[symbols]
        by_chance[np.ix_(own, own)] += np.outer(frequency[symbols], frequency[symbols])
    wrong = 1 - precision
    right = np.outer(precision, precision) + np.outer(wrong, wrong) / max(1, n_classes - 1)
    return np.maximum(by_chance, right)


def _are_contradicted(
    alike: NDArray[np.bool_], agreed: NDArray[np.float64], common: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Pairs of alike LFs that both agree with the LFs unlike them less often than these agree among each other.

    Those of the latter that may be copies themselves do not count, if there are any others.
    """
    asked = np.flatnonzero(alike.any(axis=1))
    apart = 1.0 - np.eye(len(alike))
    agreed, common = agreed * apart, common * apart
    others = (~alike & (apart > 0))[asked]
    with_others = _rate(*((matrix[asked] * others).sum(axis=1) for matrix in (agreed, common)))
    among = [(others @ matrix * others).sum(axis=1) for matrix in (agreed, common)]
    unlike = [(others @ (matrix * ~alike) * others).sum(axis=1) for matrix in (agreed, common)]
    among = [
        np.where(unlike[1] > 0, some, every) for some, every in zip(unlike, among, strict=True)
    ]
    less = np.zeros(len(alike), dtype=bool)
    less[asked] = with_others < _rate(*among)
    return alike & less[:, None] & less


def _are_the_same(agreed: NDArray[np.float64], n_samples: float) -> NDArray[np.bool_]:
    """Pairs of LFs that cast the same votes in the same rows, where chance would not have them silent together."""
    votes = agreed.diagonal()
    same = (agreed == votes) & (agreed == votes[:, None]) & (votes >= LEAST_VOTES)
    np.fill_diagonal(same, val=False)
    first, second = np.nonzero(same)
    expected = votes[first] * votes[second] / n_samples
    ratio, z = _beyond(agreed[first, second], expected, np.minimum(votes[first], votes[second]))
    same[first, second] = (ratio > LEAST_RATIO) & (z > LEAST_Z)
    return same


def _rate(agreed: NDArray[np.float64], common: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(agreed, common, out=np.zeros_like(agreed), where=common > 0)


def common_rows(
    some: Symbols, table: NDArray[np.float64], prior: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """The same for LFs of one symbol each; nothing between unlike votes."""
    alike = np.zeros((len(some.lfs), len(some.lfs)), dtype=bool)
    for symbols in some.by_vote:
        alike[np.ix_(symbols, symbols)] = True
    together = dense(some.together)
    counts = together.diagonal()
    expected = some.n_samples * (table * prior) @ table.T
    return together * alike, expected * alike, np.minimum(counts[:, None], counts) * alike


def beyond_chance(
    agreed: NDArray[np.float64], expected: NDArray[np.float64], common: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratio in [0, 1] and z, with empty diagonals."""
    ratio, z = _beyond(agreed, expected, common)
    np.fill_diagonal(ratio, 0.0)
    return ratio, z


def _beyond(
    agreed: NDArray[np.float64], expected: NDArray[np.float64], common: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    beyond = agreed - expected
    error = np.sqrt(np.maximum(expected * (1 - expected / np.maximum(common, 1e-9)), 0.0))
    z = np.divide(beyond, error, out=np.zeros_like(beyond), where=error > 0)
    return np.clip(beyond / (common - expected + INDEPENDENT_VOTES), 0.0, 1.0), z


def _shared(some: Symbols, dependence: NDArray[np.float64]) -> NDArray[np.float64]:
    """The dependence of each symbol's LF on others, over the equal votes expected in its row."""
    shared = np.zeros(len(some.own))
    counts = np.asarray(some.together.diagonal(), dtype=np.float64)
    for symbols in some.by_vote:
        own = some.own[symbols]
        together = dense(some.together[symbols][:, symbols])
        shared[symbols] = (dependence[np.ix_(own, own)] * together).sum(axis=1) / counts[symbols]
    return shared

"""How far labeling functions (LFs) agree beyond chance: with the others, with gold labels, all together.

An LF's consensus is an ndarray of shape (4, n_lfs): the votes that count, the share that agrees, NaN where none
counts, the same if the LF dealt its votes to rows at random, and the standard error of the share then.

Krippendorff's alpha needs to know four sums of a row over its m votes, each vote standing at a place x: (m sum |x|^2 -
|sum x|^2) / (m - 1), which is its disagreement, m, sum |x|^2 and sum x. They add up over rows; alpha compares the
summed disagreement with that of all votes thrown together. At the nominal level the places are the corners of a
simplex, at the interval level the numbers, at the ordinal level their mean ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._evidence.model import VoteModel, places_of
from ..._learning.observed import KeptCounts
from ..._votes.codes import class_index
from ..._votes.gold import GoldCounts
from ..._votes.pairs import dense
from ..._votes.patterns import Patterns

ROUNDING = 1e-9
# More rows are drawn in so many random parts: the interval is as wide but for one part in fifty.
MOST_UNITS = 1000
INTERVAL = (2.5, 97.5)
NO_SPREAD = 1e-12


# What symbols say ---------------------------------------------------------------------------------


def leaning_class(
    learned: VoteModel, kept: KeptCounts, lf: NDArray[np.intp], vote: NDArray[Any]
) -> NDArray[np.intp]:
    """The class that each symbol names, or is taken to lean to before anything is learned; n_classes for none.

    Parameters
    ----------
    learned : VoteModel
    kept : KeptCounts
    lf, vote : ndarray of shape (n_symbols,)
    """
    classes, meaning = learned.classes, kept.meaning
    named = class_index(vote, classes)
    if meaning is None:
        return named
    place = places_of(lf, vote, learned.table)
    nothing = np.full((1, len(classes)), 1 / len(classes))
    return leaning_of(np.vstack([meaning, nothing])[place], named)


def leaning_of(meaning: NDArray[np.float64], named: NDArray[np.intp]) -> NDArray[np.intp]:
    """The class that each symbol names, or is likeliest to mean; n_classes for none.

    Parameters
    ----------
    meaning : ndarray of shape (n_symbols, n_classes)
    named : ndarray of shape (n_symbols,)
        The class that each is the name of; n_classes for none.
    """
    n_classes = meaning.shape[1]
    alone = (meaning == meaning.max(axis=1, keepdims=True)).sum(axis=1) == 1
    leans = np.where(alone, meaning.argmax(axis=1), n_classes)
    return np.where((named == n_classes) & (n_classes > 1), leans, named)


# Agreement with the others, and with gold labels --------------------------------------------------


def consensus(
    patterns: Patterns, symbol_class: NDArray[np.intp], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Hold each LF's votes against the other LFs' votes in the same rows.

    Chance is what the same votes would agree with the others' in all rows, not only in those in which
    the LF votes: so an LF of a rare class is not taken for wrong, and one-sided LFs can be judged.

    Parameters
    ----------
    patterns : Patterns
    symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class: such votes do not count.
    counts : ndarray of shape (n_patterns, n_classes)
        Votes for each class.
    """
    n_lfs, n_classes = patterns.n_lfs, counts.shape[1]
    total = counts.sum(axis=1)
    row = np.repeat(np.arange(len(total)), patterns.n_votes)
    symbol = patterns.indicators.indices
    named = symbol_class[symbol] < n_classes
    row, lf, cls = row[named], patterns.lf[symbol[named]], symbol_class[symbol[named]]
    # A vote that names no single class is none here: its rows are not taken out of those of all.
    spoken = sp.csr_array((np.ones(len(row)), (row, lf)), shape=(len(total), n_lfs))
    beside = total[row] > 1
    row, lf, cls = row[beside], lf[beside], cls[beside]
    others, weight = total[row] - 1, patterns.weight[row]
    met = np.bincount(lf, weight, minlength=n_lfs).astype(np.float64)
    agreed = np.bincount(lf, weight * (counts[row, cls] - 1) / others, minlength=n_lfs)
    # What the others say in all rows, less those in which the LF votes, which come back without its vote.
    shares = np.divide(counts, total[:, None], out=np.zeros_like(counts), where=total[:, None] > 0)
    rows = patterns.weight * (total > 0)
    shares *= rows[:, None]
    summed = shares.sum(axis=0) - spoken.T @ shares
    n_rows = rows.sum() - spoken.T @ rows + met
    summed += sp.csr_array((weight / others, (row, lf)), shape=spoken.shape).T @ counts
    np.add.at(summed, (lf, cls), -weight / others)
    base = np.asarray(summed / np.maximum(n_rows, 1)[:, None])
    votes = np.zeros((n_lfs, n_classes))
    np.add.at(votes, (lf, cls), weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance, spread = (votes * base).sum(axis=1) / met, (votes * _spread(base)).sum(axis=1)
        return np.stack([met, agreed / met, by_chance, np.sqrt(spread) / met])


def consensus_of_pairs(
    lf: NDArray[np.intp],
    symbol_class: NDArray[np.intp],
    cooccurrence: NDArray[np.float64],
    n_lfs: int,
) -> NDArray[np.float64]:
    """The same from the symbols' co-occurrences alone, every pair of votes in a row counting once.

    Parameters
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        Of symbols that name a class.
    cooccurrence : ndarray of shape (n_symbols, n_symbols)
        Rows in which both symbols occur.
    n_lfs : int
    """
    shape = (n_lfs, int(symbol_class.max(initial=0)) + 1)
    voted = np.zeros(shape)
    np.add.at(voted, (lf, symbol_class), cooccurrence.diagonal())
    base = voted.sum(axis=0) - voted
    base /= np.maximum(base.sum(axis=1, keepdims=True), 1)
    between = cooccurrence * (lf[:, None] != lf)
    pairs, agreeing, votes = np.zeros(n_lfs), np.zeros(n_lfs), np.zeros(shape)
    np.add.at(pairs, lf, between.sum(axis=1))
    np.add.at(agreeing, lf, (between * (symbol_class[:, None] == symbol_class)).sum(axis=1))
    np.add.at(votes, (lf, symbol_class), between.sum(axis=1))
    partner = np.zeros((len(lf), n_lfs))
    np.add.at(partner.T, lf, between)
    rows = np.zeros((n_lfs, n_lfs))
    np.add.at(rows, lf, partner)
    # The pairs of one row are no independent witnesses: only the closest partner's rows count.
    met = rows.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance = (votes * base).sum(axis=1) / pairs
        spread = (votes * _spread(base)).sum(axis=1) / pairs
        return np.stack([met, agreeing / pairs, by_chance, np.sqrt(spread / met)])


def agreement_with_labels(
    lf: NDArray[np.intp], symbol_class: NDArray[np.intp], labels: GoldCounts, n_lfs: int
) -> NDArray[np.float64]:
    """The same with gold labels for the others: votes on labelled rows, and the share that is right.

    Parameters
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class: such votes do not count.
    labels : GoldCounts
    n_lfs : int
    """
    named = np.flatnonzero(symbol_class < len(labels.rows))
    lf, cls, counts = lf[named], symbol_class[named], labels.by_symbol[named]
    share, votes = (labels.rows / labels.rows.sum())[cls], counts.sum(axis=1)
    sums = np.zeros((4, n_lfs))
    right = counts[np.arange(len(cls)), cls]
    np.add.at(sums.T, lf, np.column_stack([votes, right, votes * share, votes * _spread(share)]))
    met, right, by_chance, spread = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([met, right / met, by_chance / met, np.sqrt(spread) / met])


def _spread(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of a 0/1 number of this mean, 0 where rounding alone keeps the mean off 0 and 1."""
    return np.asarray(np.where(np.abs(share - 0.5) > 0.5 - ROUNDING, 0.0, share * (1 - share)))


# Krippendorff's alpha -----------------------------------------------------------------------------


# Of some rows: disagreement, votes and the votes' summed squares, shape (n_rows, 3), which are zero for a row with one
# vote; and the votes' summed places, shape (n_rows, n_axes).
Sums = tuple[NDArray[np.float64], sp.csr_array]


def places(
    level: str,
    numbers: NDArray[np.float64],
    counts: NDArray[np.float64],
    group: NDArray[np.intp],
    code: NDArray[np.intp],
) -> sp.csr_array:
    """Places of some votes, between which disagreement is the squared distance: CSR array of shape (n_votes, n_axes).

    Parameters
    ----------
    level : {"nominal", "ordinal", "interval"}
    numbers : ndarray of shape (n_values,)
        What each value stands for.
    counts : ndarray of shape (n_groups, n_values)
        How often each group of votes holds each value: what ranks are counted in.
    group, code : ndarray of shape (n_votes,)
    """
    if level == "nominal":
        return sp.eye_array(len(numbers), format="csr")[code]
    if level == "interval":
        centred = numbers - numbers.mean()
        return sp.csr_array((centred / max(np.abs(centred).max(), 1.0))[code][:, None])
    ranks = np.cumsum(counts, axis=1) - counts / 2
    ranks /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return sp.csr_array((ranks - 0.5)[group, code][:, None])


def products(one: sp.csr_array, other: sp.csr_array) -> NDArray[np.float64]:
    """Inner product of each row of two CSR arrays."""
    return np.asarray(one.multiply(other).sum(axis=1), dtype=np.float64)


def sums_of(size: NDArray[np.float64], square: NDArray[np.float64], total: sp.csr_array) -> Sums:
    within = (size * square - products(total, total)) / np.maximum(size - 1, 1)
    return np.column_stack([within, size, square]), total


def added(weights: NDArray[np.float64] | sp.csr_array, sums: Sums) -> NDArray[np.float64]:
    """Weighted sums over rows, shape (n_weights, 3 + n_axes), of weights of shape (n_weights, n_rows)."""
    return np.hstack([weights @ sums[0], dense(weights @ sums[1])])


def alpha_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha from summed sums, shape (..., 3 + n_axes)."""
    within, size, square = sums[..., 0], sums[..., 1], sums[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (size * square - (sums[..., 3:] ** 2).sum(axis=-1)) / (size - 1)
        return np.where(between > NO_SPREAD * square, 1 - within / between, np.nan)


def resampler(
    weight: NDArray[np.float64], n_bootstrap: int, random: np.random.RandomState
) -> Callable[[Sums], NDArray[np.float64]]:
    """What adds up some rows' sums for each bootstrap sample of the rows; `weight` says how many are alike."""
    n_rows = int(weight.sum())
    if len(weight) <= MOST_UNITS:
        draws = random.multinomial(n_rows, weight / n_rows, size=n_bootstrap)
        return lambda sums: added(draws, sums)
    row = random.permutation(np.repeat(np.arange(len(weight)), weight.astype(np.intp)))
    unit = np.arange(n_rows) % MOST_UNITS
    units = sp.csr_array((np.ones(n_rows), (unit, row)), shape=(MOST_UNITS, len(weight)))
    draws = random.multinomial(MOST_UNITS, np.full(MOST_UNITS, 1 / MOST_UNITS), size=n_bootstrap)
    return lambda sums: draws @ added(units, sums)


def interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def alpha_of_rows(
    counts: sp.csr_array,
    weight: NDArray[np.float64],
    level: str,
    numbers: NDArray[np.float64],
    resampled: Callable[[Sums], NDArray[np.float64]],
) -> tuple[float, float, float]:
    """Alpha and its interval from how often each row holds each value, CSR array of shape (n_rows, n_values)."""
    size = np.asarray(counts.sum(axis=1))
    counts.data[np.repeat(size < 2, np.diff(counts.indptr))] = 0
    margin = counts.T @ weight
    code = np.arange(len(margin))
    at = places(level, numbers, margin[None], np.zeros_like(code), code)
    sums = sums_of(size * (size > 1), counts @ products(at, at), counts @ at)
    alpha = float(alpha_of_sums(added(weight[None], sums))[0])
    return alpha, *interval(alpha_of_sums(resampled(sums)))

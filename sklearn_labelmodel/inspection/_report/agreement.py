"""How far labeling functions (LFs) agree beyond chance: with the others, with gold labels, and as copies do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import ndtri

from ..._evidence.model import VoteModel, groups_of, places_of
from ..._learning.em import beyond_chance, find_copies
from ..._votes.gold import GoldCounts
from ..._votes.pairs import PairCounts, dense, sum_by_lf, symbols_by_vote
from ..._votes.patterns import Patterns, votes_by_lf
from .facts import Consensus
from .likelihood import LikelihoodFit, of_symbols, sampled
from .parts import Copy

ROUNDING = 1e-9
# Products of two votes of a row that counting pairs may take, and patterns that are counted in any case.
PAIR_PRODUCTS, LEAST_PATTERNS = 1 << 26, 200
ALIKE, VERY_ALIKE, ALIKE_ROWS = 0.9, 0.97, 100
UNEXPLAINED = 0.3
# Probability, in all pairs together, that LFs which err independently agree so often.
ACCIDENT = 0.2


def consensus(
    patterns: Patterns, symbol_class: NDArray[np.intp], counts: NDArray[np.float64]
) -> Consensus:
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
    row = np.repeat(np.arange(len(total)), np.diff(patterns.indicators.indptr))
    symbol = patterns.indicators.indices
    named = symbol_class[symbol] < n_classes
    row, lf, cls = row[named], patterns.lf[symbol[named]], symbol_class[symbol[named]]
    # A vote that names no single class is none here: its rows are not taken out of those of all.
    spoken = sp.csr_array((np.ones(len(row)), (row, lf)), shape=(len(total), n_lfs))
    others, weight = total[row] - 1, patterns.weight[row]
    row, lf, cls = (values[others > 0] for values in (row, lf, cls))
    weight, others = weight[others > 0], others[others > 0]
    met = np.bincount(lf, weight, minlength=n_lfs).astype(np.float64)
    agreed = np.bincount(lf, weight * (counts[row, cls] - 1) / others, minlength=n_lfs)
    base = _shares_of_others(patterns, counts, spoken, (row, lf, cls, weight, others))
    votes = np.zeros((n_lfs, n_classes))
    np.add.at(votes, (lf, cls), weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Consensus(
            met=met,
            agreed=agreed / met,
            by_chance=(votes * base).sum(axis=1) / met,
            error=np.sqrt((votes * _spread(base)).sum(axis=1)) / met,
        )


def consensus_of_pairs(
    lf: NDArray[np.intp],
    symbol_class: NDArray[np.intp],
    cooccurrence: NDArray[np.float64],
    n_lfs: int,
) -> Consensus:
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
        return Consensus(met, agreeing / pairs, by_chance, np.sqrt(spread / met))


def agreement_with_labels(
    lf: NDArray[np.intp], symbol_class: NDArray[np.intp], labels: GoldCounts, n_lfs: int
) -> Consensus:
    """The same with gold labels for the others: `met` are votes on labelled rows, `agreed` the share that is right.

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
        return Consensus(met, right / met, by_chance / met, np.sqrt(spread) / met)


def _spread(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of a 0/1 number of this mean, 0 where rounding alone keeps the mean off 0 and 1."""
    return np.asarray(np.where(np.abs(share - 0.5) > 0.5 - ROUNDING, 0.0, share * (1 - share)))


def _shares_of_others(
    patterns: Patterns,
    counts: NDArray[np.float64],
    spoken: sp.csr_array,
    cells: tuple[NDArray[Any], ...],
) -> NDArray[np.float64]:
    """Mean share of each class among the votes of all other LFs in a row, shape (n_lfs, n_classes)."""
    row, lf, cls, weight, others = cells
    n_lfs = patterns.n_lfs
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    rows = patterns.weight * (total[:, 0] > 0)
    shares *= rows[:, None]
    # All rows, less those in which the LF votes, which come back without its vote.
    summed = shares.sum(axis=0) - spoken.T @ shares
    n_rows = rows.sum() - spoken.T @ rows
    shape = (len(counts), n_lfs)
    seen = sp.csr_array((weight / others, (row, lf)), shape=shape)
    summed += seen.T @ counts
    np.add.at(summed, (lf, cls), -weight / others)
    n_rows += np.bincount(lf, weight, minlength=n_lfs)
    return np.asarray(summed / np.maximum(n_rows, 1)[:, None])


# LFs that repeat another one's votes --------------------------------------------------------------


def copied_pairs(patterns: Patterns, model: VoteModel, fit: LikelihoodFit) -> tuple[Copy, ...]:
    """Pairs of LFs that agree nearly always, and more than their tables explain, the most alike first.

    They are looked for as `fit` looks for them (`find_copies`), and among those that it has found or was told.
    One step comes on top, since this is said aloud and `fit` only weighs votes by it: the tables of a model that
    stopped early explain too little of what good LFs agree in, and the classes of the rows in which two LFs meet may
    be others than those of all rows. So where the votes tell both LFs' accuracies, the tables of maximum likelihood
    must fail to explain it too, row by row, unless the two agree in 97% of a hundred rows or more.

    Parameters
    ----------
    patterns : Patterns
        Some of them stand for all where they are many.
    model : VoteModel
    fit : LikelihoodFit
    """
    n_lfs = patterns.n_lfs
    part = _occurring(_affordable(patterns)[1])
    statistics, prior = counted_pairs(part), model.prior
    table = tables_of(part, model)
    found = find_copies(statistics, table, prior.of_voted, prior.of_mu, model.accuracies)
    allowed = groups_of(model.dependence.pairs, n_lfs)
    pairs = _distinct([found.pairs, np.argwhere(sp.triu(allowed))], n_lfs)
    rows, agreement = _alike(statistics, pairs)
    explained = _explained(fit)[pairs[:, 0], pairs[:, 1]]
    kept = are_copies(agreement, rows, explained)
    copies = [
        Copy(int(i), int(j), float(n), float(share), bool(allowed[i, j]))
        for (i, j), n, share in zip(pairs[kept], rows[kept], agreement[kept], strict=True)
    ]
    return tuple(sorted(copies, key=lambda copy: (-copy.agreement, -copy.rows)))


def are_copies(
    agreement: NDArray[np.float64], rows: NDArray[np.float64], explained: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether LFs that share so many rows agree so often, and for no other reason, that one repeats the other."""
    very_alike = (agreement >= VERY_ALIKE) & (rows >= ALIKE_ROWS)
    return (agreement >= ALIKE) & (~explained | very_alike)


def counted_pairs(patterns: Patterns) -> PairCounts:
    """The patterns' symbols, counted alone and together."""
    says = patterns.indicators
    together = sp.csr_array(says.T @ (says * patterns.weight[:, None]))
    nothing = np.zeros((len(patterns.lf), 0))
    return PairCounts(
        n_samples=patterns.n_samples,
        n_lfs=patterns.n_lfs,
        lf=patterns.lf,
        vote=patterns.vote,
        cooccurrence=together,
        gold_counts=nothing,
        gold_rows=np.zeros(0),
    )


def _affordable(patterns: Patterns) -> tuple[NDArray[np.intp], Patterns]:
    """Patterns to count pairs in, evenly spaced where they are many: these stand for themselves, not for all."""
    per_row = patterns.indicators.nnz / max(1, len(patterns.weight))
    index, part = sampled(patterns, max(LEAST_PATTERNS, int(PAIR_PRODUCTS / max(1.0, per_row**2))))
    if len(index) == len(patterns.weight):
        return index, part
    read = len(index) / part.weight.sum()
    n_samples = round(part.n_samples * read)
    return index, replace(part, weight=part.weight * read, n_samples=n_samples)


def _occurring(patterns: Patterns) -> Patterns:
    """Without symbols that these patterns do not hold."""
    held = np.flatnonzero(patterns.counts() > 0)
    return patterns if len(held) == len(patterns.lf) else of_symbols(patterns, held)


def _distinct(parts: list[NDArray[Any]], n_lfs: int) -> NDArray[np.intp]:
    """Each pair of columns once, the lower one first, shape (n_pairs, 2)."""
    pairs = np.sort(np.concatenate(parts).astype(np.intp), axis=1)
    return np.column_stack(np.divmod(np.unique(pairs[:, 0] * n_lfs + pairs[:, 1]), n_lfs))


def _alike(
    statistics: PairCounts, pairs: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows that pairs of LFs share, and how often they agree in them, each of shape (n_pairs,)."""
    lfs, place = np.unique(pairs, return_inverse=True)
    first, second = place.reshape(-1, 2).T
    symbols = np.flatnonzero(np.isin(statistics.lf, lfs))
    own, together = np.searchsorted(lfs, statistics.lf[symbols]), statistics.cooccurrence
    together = together[symbols][:, symbols]
    agreed = np.zeros((len(lfs), len(lfs)))
    for same in symbols_by_vote(statistics.vote[symbols]) if len(symbols) else []:
        agreed[np.ix_(own[same], own[same])] += dense(together[same][:, same])
    common = sum_by_lf(together, own, len(lfs))
    votes, one_sided = common.diagonal(), np.bincount(own, minlength=len(lfs)) == 1
    rarer = np.minimum(votes[first], votes[second])
    rows = np.where(one_sided[first] & one_sided[second], rarer, common[first, second])
    return rows, agreed[first, second] / np.maximum(rows, 1.0)


# The second opinion -------------------------------------------------------------------------------


def _explained(fit: LikelihoodFit) -> NDArray[np.bool_]:
    """Whether the tables of maximum likelihood explain what two LFs agree in, shape (n_lfs, n_lfs)."""
    known = fit.known
    if not known.any():
        return known & known[:, None]
    index, part = _affordable(fit.patterns)
    ratio, z = compare_pairs(part, fit.proba()[index], fit.table)
    return known & known[:, None] & is_explained(ratio, z, int(known.sum()))


def is_explained(
    ratio: NDArray[np.float64], z: NDArray[np.float64], n_lfs: int
) -> NDArray[np.bool_]:
    """Whether so small a share of disagreements is missing, or so many pairs of LFs were looked at, that it is nothing.

    Parameters
    ----------
    ratio, z : ndarray
        Share of the expected disagreements that is missing, and that in standard errors.
    n_lfs : int
    """
    seldom = -ndtri(ACCIDENT / max(1, n_lfs * (n_lfs - 1) / 2))
    return (ratio < UNEXPLAINED) | (z < seldom)


def compare_pairs(
    patterns: Patterns, proba: NDArray[np.float64], table: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far pairs of LFs agree beyond what tables explain, by the measure of `find_copies`.

    The classes of the rows in which two LFs meet are read from the rows' posterior.

    Parameters
    ----------
    patterns : Patterns
    proba : ndarray of shape (n_patterns, n_classes)
        P(Y | votes).
    table : ndarray of shape (n_symbols, n_classes)
        P(vote | Y, the LF votes).

    Returns
    -------
    ratio, z : ndarray of shape (n_lfs, n_lfs)
        Share of the expected disagreements that is missing, and that in standard errors.
    """
    n_lfs, weight, spoken = patterns.n_lfs, patterns.weight, votes_by_lf(patterns)
    values, code = np.unique(patterns.vote, return_inverse=True)
    agreed, expected, common = np.zeros((3, n_lfs, n_lfs))
    for y, column in enumerate(table.T):
        says = np.zeros((n_lfs, len(values)))
        says[patterns.lf, code] = column
        in_class = (spoken.T @ (spoken * (weight * proba[:, y])[:, None])).toarray()
        expected += in_class * (says @ says.T)
        common += in_class
    together = counted_pairs(patterns).cooccurrence
    for same in symbols_by_vote(patterns.vote):
        lf = patterns.lf[same]
        agreed[np.ix_(lf, lf)] += dense(together[same][:, same])
    return beyond_chance(agreed, expected, common)


def tables_of(patterns: Patterns, model: VoteModel) -> NDArray[np.float64]:
    """P(vote | Y, the LF votes) of each symbol, P(vote | Y) of an LF of one symbol; (n_symbols, n_classes).

    Parameters
    ----------
    patterns : Patterns
    model : VoteModel
        A symbol that it does not know is taken to say nothing of the class.
    """
    mu = model.mu
    table = np.tile(patterns.counts()[:, None] / patterns.n_samples, (1, mu.shape[1]))
    place = places_of(patterns.lf, patterns.vote, model.table)
    known = np.flatnonzero(place < len(mu))
    table[known] = mu[place[known]]
    spoken = np.zeros((patterns.n_lfs, mu.shape[1]))
    np.add.at(spoken, patterns.lf, table)
    spoken[np.bincount(patterns.lf, minlength=patterns.n_lfs) == 1] = 1.0
    return np.asarray(table / spoken[patterns.lf])

"""Some rows of L: what they hold, how LFs agree in them, which are worth looking at, what gold labels say."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._evidence.lookup import find_symbols
from ..._votes.codes import ColumnVotes, GoldLabels, Votes, class_index
from ..._votes.pairs import dense
from .._fitted import FittedModel, classes_meant
from .._intervals import Scale, alpha_of_rows, resampler, wilson_intervals
from .parts import Alpha, ContestedRow, Evidence, GoldCheck, Pair, Pairs

# Cells that are looked at one by one; labelled rows times LFs.
SHOWN_CELLS, GOLD_CELLS = 2_000_000, 10_000_000
# LFs that one table shows, that are compared at all, and pairs that a list shows.
MOST_IN_TABLE, MOST_COMPARED, MOST_LISTED = 20, 2_000, 8
LEAST_ROWS = 10
# Share of cells with votes above which a product of arrays is faster than one of sparse arrays.
DENSE = 0.1
N_BOOTSTRAP = 200
MOST_CONTESTED, CANDIDATES, MOST_EXAMPLES = 5, 400, 3
# Votes that a search for changed labels may look at, for each LF and in all.
WITHOUT_CELLS, WITHOUT_ROWS, MOST_WITHOUT = 200_000, 2_000, 40
N_BINS, LEAST_P = 10, 1e-15


@dataclass(frozen=True, eq=False)
class Cells:
    """Some rows.

    Attributes
    ----------
    votes : Votes
    row : ndarray of shape (n_rows,), dtype object
        What users call each row.
    proba : ndarray of shape (n_rows, n_classes)
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol.
    meant : ndarray of shape (n_symbols, n_classes), dtype bool
        The classes that it speaks for.
    holds : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol.
    """

    votes: Votes
    row: NDArray[np.object_]
    proba: NDArray[np.float64]
    lf: NDArray[np.intp]
    meant: NDArray[np.bool_]
    holds: sp.csr_array

    @property
    def label(self) -> NDArray[np.intp]:
        """Most probable class of each row, shape (n_rows,)."""
        return np.asarray(self.proba.argmax(axis=1))

    @property
    def counts(self) -> NDArray[np.float64]:
        """Votes that speak for each class, shape (n_rows, n_classes)."""
        return np.asarray(self.holds @ self.meant.astype(np.float64))

    @property
    def n_speaking(self) -> NDArray[np.float64]:
        """Votes of each row that speak for any class, shape (n_rows,)."""
        return np.asarray(self.holds @ self.meant.any(axis=1).astype(np.float64))

    def against(self, label: NDArray[np.intp]) -> sp.csr_array:
        """Votes that speak for other classes than the row's label: CSR array of shape (n_rows, n_symbols)."""
        cells = self.holds.tocoo()
        opposed = (
            np.asarray(self.meant.any(axis=1))[cells.col] & ~self.meant[cells.col, label[cells.row]]
        )
        at = (cells.row[opposed], cells.col[opposed])
        return sp.csr_array((np.ones(len(at[0])), at), shape=self.holds.shape)

    def by_lf(self, of_symbol: sp.csr_array) -> sp.csr_array:
        """Sums over the symbols of each LF: CSR array of shape (n_rows, n_lfs)."""
        entries = (np.ones(len(self.lf)), (np.arange(len(self.lf)), self.lf))
        return sp.csr_array(of_symbol @ sp.csr_array(entries, (len(self.lf), self.votes.n_lfs)))


def cells_of(
    model: FittedModel, votes: Votes, row: NDArray[np.object_], most: int = SHOWN_CELLS
) -> tuple[NDArray[np.intp], Cells]:
    """Evenly spaced rows with at most so many cells: their places, and what they hold.

    Parameters
    ----------
    model : fitted label model
    votes : Votes
    row : ndarray of shape (n_samples,)
        What users call each row.
    most : int
    """
    learned, table = model.vote_model_, model.vote_model_.table
    most_rows = max(1, most // max(votes.n_lfs, len(learned.classes)))
    at = np.arange(votes.n_samples)
    if votes.n_samples > most_rows:
        at = np.linspace(0, votes.n_samples - 1, most_rows).astype(np.intp)
        votes = votes.take(at)
    symbol = find_symbols(votes, table.lf, table.vote)
    held = symbol[np.arange(votes.n_lfs)[:, None], votes.block(0, votes.n_samples)].T
    rows, lfs = np.nonzero(held < len(table.lf))
    shape = (votes.n_samples, len(table.lf))
    holds = sp.csr_array((np.ones(len(rows)), (rows, held[rows, lfs])), shape=shape)
    meant = classes_meant(model, table.lf, table.vote)
    return at, Cells(votes, row[at], model._posterior(learned, votes), table.lf, meant, holds)


def alpha_of(cells: Cells) -> Alpha:
    """Krippendorff's alpha of the votes that speak for a single class."""
    names_one = cells.meant.sum(axis=1) == 1
    counts = sp.csr_array(cells.holds @ sp.csr_array(cells.meant * names_one[:, None] * 1.0))
    if not (np.asarray(counts.sum(axis=1)) > 1).any():
        return Alpha(np.nan, np.nan, np.nan)
    weight = np.ones(counts.shape[0])
    resampled = resampler(weight, N_BOOTSTRAP, np.random.RandomState(0))
    scale = Scale("nominal", np.zeros(counts.shape[1]))
    return Alpha(*alpha_of_rows(counts, weight, scale, resampled))


# How LFs agree two by two ------------------------------------------------------------------------


def pairs_of(cells: Cells, names: list[Hashable], n_kinds: NDArray[np.intp]) -> Pairs | None:
    """Agreement of all pairs of LFs; None for a single LF, and for more than 2,000.

    Parameters
    ----------
    cells : Cells
    names : list of length n_lfs
    n_kinds : ndarray of shape (n_lfs,)
        Distinct votes that each LF gives.
    """
    n_lfs = cells.votes.n_lfs
    if not 2 <= n_lfs <= MOST_COMPARED:
        return None
    rows, agreed = _meetings(cells)
    votes = rows.diagonal().copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = agreed / rows
        lift = rows * cells.votes.n_samples / np.outer(votes, votes)
    meeting = bool((n_kinds == 1).sum() * 2 > (n_kinds > 0).sum())
    alike, at_odds = _extremes(rows, agreement, lift, meeting)

    def listed(pairs: NDArray[np.intp]) -> tuple[Pair, ...]:
        return tuple(
            Pair(names[i], names[j], int(rows[i, j]), float(agreement[i, j]), float(lift[i, j]))
            for i, j in pairs.tolist()
        )

    table = np.where(rows > 0, lift if meeting else agreement, np.nan)
    np.fill_diagonal(table, np.nan)
    lfs = tuple(names) if n_lfs <= MOST_IN_TABLE else ()
    return Pairs(meeting, lfs, table[: len(lfs), : len(lfs)], listed(alike), listed(at_odds))


def _meetings(cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows in which two LFs both vote, and in which they speak for a common class; each (n_lfs, n_lfs)."""
    spoken = cells.by_lf(cells.holds)
    rows = _products(spoken, spoken)
    # Votes that speak for the same classes are of a kind: a line for each row and kind, so that symbols need no pairs.
    kinds, kind = np.unique(cells.meant, axis=0, return_inverse=True)
    # NumPy 2.0 gives the places another dimension.
    kind = kind.ravel()
    in_common = sp.csr_array(kinds @ kinds.T)
    held, shape = cells.holds.tocoo(), (len(cells.row) * len(kinds), cells.votes.n_lfs)
    line = held.row.astype(np.intp) * len(kinds) + kind[held.col]
    says = sp.csr_array((held.data, (line, cells.lf[held.col])), shape=shape)
    agrees = sp.kron(sp.eye_array(len(cells.row)), in_common, format="csr") @ says
    agreed = _products(says, agrees)
    np.fill_diagonal(agreed, rows.diagonal())
    return rows, agreed


def _products(one: sp.csr_array, other: sp.csr_array) -> NDArray[np.float64]:
    """Inner products of the columns of two matrices of small whole numbers."""
    if one.nnz > DENSE * np.prod(one.shape):
        pair = (each.toarray().astype(np.float32) for each in (one, other))
        return np.asarray(next(pair).T @ next(pair), dtype=np.float64)
    return dense(one.T @ other)


def _extremes(
    rows: NDArray[np.float64],
    agreement: NDArray[np.float64],
    lift: NDArray[np.float64],
    meeting: bool,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs most alike, and those most at odds; each (n_pairs, 2)."""
    pairs = np.argwhere(np.triu(rows >= LEAST_ROWS, 1))
    share, often, common = (each[tuple(pairs.T)] for each in (agreement, lift, rows))
    if meeting:
        order = np.argsort(-often, kind="stable")
        order = order[often[order] > 1]
        alike = share[order] > 1 / 2
        return pairs[order[alike][:MOST_LISTED]], pairs[order[~alike][:MOST_LISTED]]
    # By what the pair's agreement is at least, or at most, so that few rows do not make the most of it.
    low, high = wilson_intervals(share * common, common).T
    most = min(MOST_LISTED, len(pairs) // 2)
    surely, hardly = np.argsort(-low, kind="stable"), np.argsort(high, kind="stable")
    return pairs[surely[:most]], pairs[hardly[:most]]


# Contested rows -----------------------------------------------------------------------------------


def contested_rows(
    model: FittedModel, cells: Cells, names: list[Hashable]
) -> tuple[ContestedRow, ...]:
    """Rows whose votes speak for different classes, those first whose two most probable classes are closest."""
    if cells.proba.shape[1] < 2:
        return ()
    top = np.sort(np.partition(cells.proba, -2, axis=1)[:, -2:], axis=1)
    gap = top[:, 1] - top[:, 0]
    disagree = np.flatnonzero(cells.counts.max(axis=1) < cells.n_speaking)
    order = np.lexsort((-cells.n_speaking[disagree], gap[disagree].round(9)))
    closest = disagree[order[:CANDIDATES]]
    codes = np.ascontiguousarray(cells.votes.block(0, cells.votes.n_samples).T)
    _, first = np.unique(codes[closest], axis=0, return_index=True)
    chosen = closest[np.sort(first)[:MOST_CONTESTED]]
    alike = [int((codes == codes[row]).all(axis=1).sum()) for row in chosen]
    terms = model._terms(model.vote_model_, cells.votes.take(chosen))
    return tuple(
        _contested(model, cells, names, int(row), number, added)
        for row, number, added in zip(chosen, alike, terms, strict=True)
    )


def _contested(
    model: FittedModel,
    cells: Cells,
    names: list[Hashable],
    row: int,
    alike: int,
    terms: NDArray[np.float64],
) -> ContestedRow:
    rival, label = np.argsort(cells.proba[row], kind="stable")[-2:]
    if cells.proba[row, label] == cells.proba[row, rival]:
        label, rival = min(label, rival), max(label, rival)
    weight, classes = terms[:, label] - terms[:, rival], model.vote_model_.classes.tolist()
    said = vote_words(model, cells.votes, row)
    voters = sorted(said, key=lambda j: -abs(weight[j]))
    evidence = [Evidence(None, None, float(weight[-1]))]
    evidence += [Evidence(names[j], said[j], float(weight[j])) for j in voters]
    p_label, p_rival = (float(cells.proba[row, y]) for y in (label, rival))
    called = cells.row[row]
    return ContestedRow(
        called, alike, classes[label], classes[rival], p_label, p_rival, tuple(evidence)
    )


def vote_words(model: FittedModel, votes: Votes, row: int) -> dict[int, Any]:
    """The votes of a row, as users are shown them, by column."""
    codes = votes.block(row, row + 1)[:, 0]
    voters = np.flatnonzero(codes != votes.abstain_code).tolist()
    values, scored = votes.values.tolist(), model._scores
    said = {j: values[codes[j]] for j in voters}
    return said if scored is None else {j: scored.words(j, vote) for j, vote in said.items()}


# Examples -----------------------------------------------------------------------------------------


def rows_against_label(cells: Cells) -> dict[int, tuple[Any, ...]]:
    """Rows in which each LF votes against the label, those first in which the label is surest."""
    against = cells.by_lf(cells.against(cells.label)).tocsc()
    sure = cells.proba.max(axis=1)
    found = {}
    for j in range(cells.votes.n_lfs):
        rows = against.indices[against.indptr[j] : against.indptr[j + 1]]
        if len(rows):
            found[j] = some(cells, rows[np.argsort(-sure[rows], kind="stable")])
    return found


def rows_that_differ(cells: Cells, first: int, second: int) -> tuple[Any, ...]:
    """Rows in which two LFs vote differently, or only one of them votes."""
    codes = cells.votes.block(0, cells.votes.n_samples)
    return some(cells, np.flatnonzero(codes[first] != codes[second]))


def outvoted_rows(cells: Cells) -> tuple[Any, ...]:
    """Rows whose label has fewer votes than another class, those first in which it lacks most."""
    counts = cells.counts
    lacking = counts.max(axis=1) - counts[np.arange(len(counts)), cells.label]
    order = np.argsort(-lacking, kind="stable")
    return some(cells, order[lacking[order] > 0])


def silent_rows(cells: Cells) -> tuple[Any, ...]:
    """Rows without votes."""
    return some(cells, np.flatnonzero(np.diff(cells.holds.indptr) == 0))


def some(cells: Cells, places: NDArray[np.intp]) -> tuple[Any, ...]:
    """What the first of some rows are called."""
    return tuple(cells.row[places[:MOST_EXAMPLES]].tolist())


# What an LF decides -------------------------------------------------------------------------------


def labels_without(model: FittedModel, cells: Cells, lfs: list[int]) -> NDArray[np.float64]:
    """Share of the rows whose label changes if an LF abstains everywhere; NaN for LFs that nobody asked for.

    Parameters
    ----------
    model : fitted label model
    cells : Cells
    lfs : list of int
        The columns to ask for; no more than 40 are.
    """
    changed = np.full(cells.votes.n_lfs, np.nan)
    holds = cells.by_lf(cells.holds).tocsc()
    most = max(1, min(WITHOUT_ROWS, WITHOUT_CELLS // cells.votes.n_lfs))
    for j in lfs[:MOST_WITHOUT]:
        rows = holds.indices[holds.indptr[j] : holds.indptr[j + 1]]
        read = rows[:: max(1, len(rows) // most)]
        proba = model._posterior(model.vote_model_, _silenced(cells.votes.take(read), j))
        share = np.mean(proba.argmax(axis=1) != cells.label[read]) if len(read) else 0.0
        changed[j] = share * len(rows) / cells.votes.n_samples
    return changed


def _silenced(votes: Votes, lf: int) -> Votes:
    codes = np.array(votes.block(0, votes.n_samples))
    codes[lf] = votes.abstain_code
    return ColumnVotes(
        votes.n_samples, votes.n_lfs, votes.values, votes.abstain_code, votes.names, codes
    )


# Beside gold labels -------------------------------------------------------------------------------


def gold_check(cells: Cells, truth: NDArray[np.intp]) -> GoldCheck:
    """How often labels are right, and how probable they were.

    Parameters
    ----------
    cells : Cells
    truth : ndarray of shape (n_rows,), dtype intp
        The gold label's class; n_classes where it is no class.
    """
    label, n_classes = cells.label, cells.proba.shape[1]
    right = label == truth
    low, high = wilson_intervals(right.sum(), len(right))[0]
    known = np.flatnonzero(truth < n_classes)
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (truth[known], label[known]), 1)
    of_truth = np.append(cells.proba, np.zeros((len(truth), 1)), axis=1)
    p = of_truth[np.arange(len(truth)), truth]
    return GoldCheck(
        n_rows=len(truth),
        accuracy=float(right.mean()),
        low=float(low),
        high=float(high),
        majority=_majority(cells.counts, truth),
        log_loss=float(-np.log(np.maximum(p, LEAST_P)).mean()),
        confusion=confusion,
        reliability=reliability(cells.proba.max(axis=1), right),
    )


def _majority(counts: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """How often majority vote is right, which draws lots where classes tie."""
    leads = counts == counts.max(axis=1, keepdims=True)
    leads_of = np.append(leads, np.zeros((len(truth), 1), dtype=bool), axis=1)
    return float((leads_of[np.arange(len(truth)), truth] / leads.sum(axis=1)).mean())


def reliability(
    p: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int = N_BINS
) -> NDArray[np.float64]:
    """Mean probability, share that is right, and number of rows, in bins of about as many rows each.

    Parameters
    ----------
    p : ndarray of shape (n_rows,)
        Probability of each row's label.
    right : ndarray of shape (n_rows,)
    n_bins : int

    Returns
    -------
    bins : ndarray of shape (at most n_bins, 3)
        Rows that are as probable are in one bin.
    """
    edges = np.unique(np.quantile(p, np.linspace(0, 1, n_bins + 1)[1:-1]))
    place = np.searchsorted(edges, p, side="right")
    rows = np.bincount(place).astype(np.float64)
    held = rows > 0
    with np.errstate(invalid="ignore"):
        bins = [np.bincount(place, p) / rows, np.bincount(place, right) / rows, rows]
    return np.column_stack(bins)[held]


def votes_right(cells: Cells, truth: NDArray[np.intp]) -> tuple[NDArray[np.float64], ...]:
    """Votes of each LF that speak for the gold label's class, among others perhaps, and votes that do not."""
    n_classes = cells.meant.shape[1]
    meant = np.append(cells.meant, np.zeros((len(cells.lf), 1), dtype=bool), axis=1)
    held = cells.holds.tocoo()
    is_right = meant[held.col, truth[held.row]] & (truth[held.row] < n_classes)
    n_lfs = cells.votes.n_lfs
    lf, weight = cells.lf[held.col], is_right.astype(np.float64)
    right, wrong = (np.bincount(lf, each, minlength=n_lfs) for each in (weight, 1 - weight))
    return right.astype(np.float64), wrong.astype(np.float64)


def labelled(gold: GoldLabels, classes: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows with a gold label, and its class; n_classes where it is no class."""
    rows = np.flatnonzero(gold.codes < len(gold.values))
    return rows, class_index(gold.values, classes)[gold.codes[rows]]

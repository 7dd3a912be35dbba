"""Some rows of L, one by one: what they hold, which are worth looking at, and how gold labels judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._votes.codes import ColumnVotes, GoldLabels, Votes, class_index
from .._intervals import wilson_intervals
from .parts import ContestedRow, Evidence, GoldCheck

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
    holds: Any

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

    def against(self, label: NDArray[np.intp]) -> Any:
        """Votes that speak for other classes than the row's label: CSR array of shape (n_rows, n_symbols)."""
        cells = self.holds.tocoo()
        opposed = (
            np.asarray(self.meant.any(axis=1))[cells.col] & ~self.meant[cells.col, label[cells.row]]
        )
        at = (cells.row[opposed], cells.col[opposed])
        return sp.csr_array((np.ones(len(at[0])), at), shape=self.holds.shape)

    def by_lf(self, of_symbol: Any) -> Any:
        """Sums over the symbols of each LF: CSR array of shape (n_rows, n_lfs)."""
        entries = (np.ones(len(self.lf)), (np.arange(len(self.lf)), self.lf))
        return sp.csr_array(of_symbol @ sp.csr_array(entries, (len(self.lf), self.votes.n_lfs)))


# Contested rows -----------------------------------------------------------------------------------


def contested_rows(model: Any, cells: Cells) -> tuple[ContestedRow, ...]:
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
        _contested(model, cells, int(row), number, added)
        for row, number, added in zip(chosen, alike, terms, strict=True)
    )


def _contested(
    model: Any, cells: Cells, row: int, alike: int, terms: NDArray[np.float64]
) -> ContestedRow:
    rival, label = np.argsort(cells.proba[row], kind="stable")[-2:]
    if cells.proba[row, label] == cells.proba[row, rival]:
        label, rival = min(label, rival), max(label, rival)
    weight, classes = terms[:, label] - terms[:, rival], model.classes_.tolist()
    said = vote_words(model, cells.votes, row)
    names = lf_names_of(model)
    voters = sorted(said, key=lambda j: -abs(weight[j]))
    evidence = [Evidence(None, None, float(weight[-1]))]
    evidence += [Evidence(names[j], said[j], float(weight[j])) for j in voters]
    p_label, p_rival = (float(cells.proba[row, y]) for y in (label, rival))
    called = cells.row[row]
    return ContestedRow(
        called, alike, classes[label], classes[rival], p_label, p_rival, tuple(evidence)
    )


def vote_words(model: Any, votes: Votes, row: int) -> dict[int, Any]:
    """The votes of a row, as users are shown them, by column."""
    codes = votes.block(row, row + 1)[:, 0]
    voters = np.flatnonzero(codes != votes.abstain_code).tolist()
    values, scored = votes.values.tolist(), model._scores
    said = {j: values[codes[j]] for j in voters}
    return said if scored is None else {j: scored.words(j, vote) for j, vote in said.items()}


def lf_names_of(model: Any) -> list[Any]:
    """Names of the LFs, or their column numbers."""
    names = getattr(model, "feature_names_in_", None)
    return list(range(model.n_features_in_)) if names is None else names.tolist()


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


def labels_without(model: Any, cells: Cells, lfs: list[int]) -> NDArray[np.float64]:
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

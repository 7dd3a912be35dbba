"""Labels and votes of some rows, held against gold labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..._votes.codes import GoldLabels, Votes, class_index
from .._fitted import FittedModel
from .parts import GoldCheck, Report, wilson_intervals
from .rows import Cells, cells_of

# Labelled rows times LFs.
MOST_CELLS = 10_000_000
N_BINS, LEAST_P = 10, 1e-15


def with_gold(
    report: Report,
    model: FittedModel,
    votes: Votes,
    row: NDArray[np.object_],
    gold: GoldLabels,
) -> Report:
    """With labels and votes held against the gold labels of these rows, where there are any."""
    rows = np.flatnonzero(gold.codes < len(gold.values))
    if not len(rows):
        return report
    # The gold label's class, the number of classes where it is none.
    truth = class_index(gold.values, model.vote_model_.classes)[gold.codes[rows]]
    places, cells = cells_of(model, votes.take(rows), row[rows], MOST_CELLS)
    truth = truth[places]
    right, wrong = votes_right(cells, truth)
    lfs = report.lfs.assign(correct=right, incorrect=wrong)
    lfs["findings"] = lfs.pop("findings")
    return replace(report, gold=gold_check(cells, truth), lfs=lfs)


def gold_check(cells: Cells, truth: NDArray[np.intp]) -> GoldCheck:
    """How often labels are right, how probable they were, and how often majority vote is right that draws lots at ties.

    Parameters
    ----------
    cells : Cells
    truth : ndarray of shape (n_rows,), dtype intp
        The gold label's class; n_classes where it is no class.
    """
    label, counts, n_classes = cells.label, cells.counts, cells.proba.shape[1]
    row, right = np.arange(len(truth)), label == truth
    low, high = wilson_intervals(right.sum(), len(right))[0]
    known = np.flatnonzero(truth < n_classes)
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (truth[known], label[known]), 1)
    leads = counts == counts.max(axis=1, keepdims=True)
    # Nothing is said of what is no class.
    p, leads_of = (
        np.append(each, np.zeros((len(truth), 1)), axis=1)[row, truth]
        for each in (cells.proba, leads)
    )
    return GoldCheck(
        n_rows=len(truth),
        accuracy=float(right.mean()),
        low=float(low),
        high=float(high),
        majority=float((leads_of / leads.sum(axis=1)).mean()),
        log_loss=float(-np.log(np.maximum(p, LEAST_P)).mean()),
        confusion=confusion,
        reliability=reliability(cells.proba.max(axis=1), right),
    )


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

"""Labels and votes held against gold labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._votes.codes import GoldLabels, class_index
from .._proportions import wilson_intervals
from .cells import Cells
from .parts import GoldCheck

N_BINS, LEAST_P = 10, 1e-15


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

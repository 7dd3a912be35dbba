"""How labeling functions agree two by two."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._votes.pairs import dense, sum_by_lf
from .._proportions import wilson_intervals
from .cells import Cells
from .parts import Pair, Pairs

# LFs that one table shows, that are compared at all, and pairs that a list shows.
MOST_IN_TABLE, MOST_COMPARED, MOST_LISTED = 20, 2_000, 8
LEAST_ROWS = 10
# Share of cells with votes above which a product of arrays is faster than one of sparse arrays.
DENSE = 0.1


def pairs_of(cells: Cells, names: list[Any], n_kinds: NDArray[np.intp]) -> Pairs | None:
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
    holds, meant = cells.holds, cells.meant.astype(np.float32)
    if holds.nnz > DENSE * cells.votes.n_samples * cells.votes.n_lfs:
        says = holds.toarray().astype(np.float32)
        together = (says.T @ says).astype(np.float64)
    else:
        together = dense(holds.T @ holds)
    alike = (meant @ meant.T > 0) | np.eye(len(meant), dtype=bool)
    n_lfs = cells.votes.n_lfs
    return sum_by_lf(together, cells.lf, n_lfs), sum_by_lf(together * alike, cells.lf, n_lfs)


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

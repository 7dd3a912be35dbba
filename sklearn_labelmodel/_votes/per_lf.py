"""What labeling functions (LFs) do, counted one by one, and sums over the symbols of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codes import GoldLabels, SparseVotes, Votes, class_index


@dataclass(frozen=True)
class LFCounts:
    """Rows in which each LF does something; each an ndarray of shape (n_lfs,), dtype int64.

    Attributes
    ----------
    votes : ndarray
        Rows in which the LF votes.
    overlaps : ndarray
        Of these, rows in which another LF votes too.
    conflicts : ndarray
        Of these, rows in which another LF votes differently.
    correct, incorrect : ndarray
        Labelled rows in which the LF votes and the vote is the gold label, or is not.
    said : ndarray of shape (n_lfs, n_values), dtype bool
        Which of `Votes.values` each LF ever votes for.
    """

    votes: NDArray[np.int64]
    overlaps: NDArray[np.int64]
    conflicts: NDArray[np.int64]
    correct: NDArray[np.int64]
    incorrect: NDArray[np.int64]
    said: NDArray[np.bool_]


def count_per_lf(votes: Votes, gold: GoldLabels) -> LFCounts:
    """Count in one pass over blocks of rows what every LF does."""
    totals = np.zeros((5, votes.n_lfs), dtype=np.int64)
    said = np.zeros((votes.n_lfs, len(votes.values) + 1), dtype=bool)
    lfs = np.arange(votes.n_lfs)[:, None]
    right_code = np.append(class_index(gold.values, votes.values), len(votes.values))
    for rows, codes in votes.blocks():
        said[lfs, codes] = True
        voted = codes != votes.abstain_code
        gold_codes = gold.codes[rows]
        labelled = voted & (gold_codes < len(gold.values))
        correct = labelled & (codes == right_code[gold_codes])
        totals[0] += voted.sum(axis=1)
        totals[1] += (voted & (voted.sum(axis=0) > 1)).sum(axis=1)
        totals[2] += (voted & _disagree(codes, voted)).sum(axis=1)
        totals[3] += correct.sum(axis=1)
        totals[4] += (labelled & ~correct).sum(axis=1)
    said[:, votes.abstain_code] = False
    voted_rows, overlaps, conflicts, right, wrong = totals
    said = said[:, : len(votes.values)]
    return LFCounts(voted_rows, overlaps, conflicts, right, wrong, said)


def _disagree(codes: NDArray[Any], voted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a row holds two different votes."""
    highest = codes.max(axis=0, where=voted, initial=0)
    lowest = codes.min(axis=0, where=voted, initial=np.iinfo(codes.dtype).max)
    return highest > lowest


def rows_with_vote(votes: Votes) -> NDArray[np.bool_]:
    """Whether any LF votes in each row, shape (n_samples,)."""
    any_vote = np.zeros(votes.n_samples, dtype=bool)
    if isinstance(votes, SparseVotes):
        for rows in votes.chunks():
            row, _, _ = votes.cells(rows.start, rows.stop)
            any_vote[rows.start + row] = True
        return any_vote
    for rows, codes in votes.blocks():
        any_vote[rows] = (codes != votes.abstain_code).any(axis=0)
    return any_vote

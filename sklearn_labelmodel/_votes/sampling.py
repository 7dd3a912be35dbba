"""Distinct rows that stand for all, where there are many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .keys import as_share, runs_of


def draw(
    key: NDArray[np.uint64],
    n_votes: NDArray[np.intp],
    weight: NDArray[np.float64],
    most_votes: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Distinct rows that have a vote, gold labels aside: all, or some that stand for all.

    Rows of which at least so many are alike are all drawn, others as probably as they are frequent (Poisson sampling
    with probabilities in proportion to size; Hajék 1964): by their keys, so that the same rows are drawn wherever they
    stand.

    Parameters
    ----------
    key, n_votes, weight : ndarray of shape (n_rows,)
        Of rows that are distinct by votes and gold label.
    most_votes : int
        About how many votes the rows drawn have at most.

    Returns
    -------
    rows : ndarray of shape (n_drawn,)
        In the order of their keys.
    weight : ndarray of shape (n_drawn,)
        Adding up to the weight of all rows that have a vote.
    """
    voted = np.flatnonzero(n_votes)
    order, first = runs_of(key[voted])
    rows = voted[order[first]]
    weight = np.add.reduceat(weight[voted[order]], first)
    size = n_votes[rows]
    if size.sum() <= most_votes:
        return rows, weight
    least_sure = _least_sure(size, weight, most_votes)
    drawn = np.flatnonzero(as_share(key[rows]) * least_sure <= weight)
    stands_for = np.maximum(weight[drawn], least_sure)
    return rows[drawn], stands_for * (weight.sum() / stands_for.sum())


def _least_sure(size: NDArray[np.intp], weight: NDArray[np.float64], most: int) -> float:
    """The weight from which on rows are drawn for sure, such that the sizes of those drawn add up to `most`."""
    order = np.argsort(-weight)
    size, weight = size[order], weight[order]
    room = most - (np.cumsum(size) - size)
    left = np.cumsum((size * weight)[::-1])[::-1]
    level = np.divide(left, room, out=np.full(len(room), np.inf), where=room > 0)
    return float(level[np.argmax(weight <= level)])

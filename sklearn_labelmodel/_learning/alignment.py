"""Which column of mu is which class: the loss cannot tell classes of equal prior apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def align_columns(
    mu: NDArray[np.float64], symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Permute mu's columns so that votes agree with the classes they name as often as they can.

    Among classes whose priors are equal to three digits, as in Snorkel, the permutation maximises the sum
    over LFs of P(vote = y, Y = y).

    Parameters
    ----------
    mu : ndarray of shape (n_symbols, n_classes)
    symbol_class : ndarray of shape (n_symbols,)
        Class that each symbol votes for; n_classes where it is none.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    mu : ndarray of shape (n_symbols, n_classes)
    """
    n_classes = len(prior)
    joint = np.zeros((n_classes + 1, n_classes))
    np.add.at(joint, symbol_class, mu * prior)
    columns = np.arange(n_classes)
    if (joint[:-1].argmax(axis=1) == columns).all():
        return mu
    rounded = np.round(prior, 3)
    for value in set(rounded.tolist()):
        group = np.flatnonzero(rounded == value)
        columns[group] = group[_best_assignment(joint[group[:, None], group])]
    # Selecting columns transposes the memory, of which later look-ups want the rows.
    return np.ascontiguousarray(mu[:, columns])


def _best_assignment(agreement: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each row the column that it gets; the identity where that is among the best."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(agreement, maximize=True)
    best = agreement[rows, columns].sum()
    return np.arange(len(agreement)) if np.trace(agreement) >= best else columns

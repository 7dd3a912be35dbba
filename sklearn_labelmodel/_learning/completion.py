"""Matrix completion: mu from how often pairs of votes occur together (Ratner et al. 2019)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import VoteModel
from .objective import make_objective
from .observed import Observed
from .trainer import TrainingSettings, train


def complete_pairs(
    observed: Observed,
    model: VoteModel,
    *,
    start: NDArray[np.float64],
    scale: float,
    l2: float,
    settings: TrainingSettings,
) -> VoteModel:
    """Learn mu from pairs of votes, leaving out those of LFs that are to be kept apart.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
    start : ndarray of shape (n_symbols, n_classes)
        Where the l2 term pulls.
    scale : float
        Training starts from the start times this.
    l2 : float
    settings : TrainingSettings

    Raises
    ------
    FloatingPointError
        The loss is not finite.
    ValueError
        Unknown optimizer, scheduler, parameter of either, or device.
    """
    prior, apart = model.prior.of_all, model.dependence.apart
    objective = make_objective(observed.statistics, prior, start, l2, apart)
    mu, history = train(objective, start * scale, settings)
    mu = np.clip(mu, model.mu_eps, 1 - model.mu_eps)
    mu = align_columns(mu, observed.symbol_class, prior)
    return replace(model, mu=mu, coverage=observed.coverage, history=history)


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

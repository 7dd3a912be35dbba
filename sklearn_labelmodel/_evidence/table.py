"""_evidence.table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._votes.codes import lf_label

LEAST_PRECISION = 0.01


# Start --------------------------------------------------------------------------------------------


def precision_per_lf(
    prec_init: ArrayLike, n_lfs: int, names: NDArray[np.object_] | None
) -> NDArray[np.float64]:
    """The precision that each LF is taken to have, of one number or one for each.

    Parameters
    ----------
    prec_init : float or array-like of shape (n_lfs,)
    n_lfs : int
    names : ndarray of shape (n_lfs,) or None
        For messages.

    Raises
    ------
    ValueError
        No numbers, another length, a precision outside [0, 1].
    """
    try:
        precision = np.asarray(prec_init, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"prec_init holds something that is no number: {error}.") from None
    if precision.ndim == 0:
        return np.full(n_lfs, float(precision))
    if precision.shape != (n_lfs,):
        raise ValueError(
            f"prec_init has shape {precision.shape}; it must be one number, or one for each of the "
            f"{n_lfs} LFs."
        )
    outside = np.flatnonzero(~((precision >= 0) & (precision <= 1)))
    if len(outside):
        raise ValueError(
            f"prec_init of {lf_label(names, int(outside[0]))} is {precision[outside[0]]}; a precision is in [0, 1]."
        )
    return precision


def precision_start(
    frequency: NDArray[np.float64],
    precision: NDArray[np.float64],
    symbol_class: NDArray[np.intp],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The full table that each symbol's precision under equally frequent classes implies.

    With k classes and r = precision (k - 1) / (1 - precision),

        P(symbol | y) = P(symbol) (r if y is the symbol's class else 1) / (r p_class + 1 - p_class)

    Parameters
    ----------
    frequency : ndarray of shape (n_symbols,)
        P(symbol).
    precision : ndarray of shape (n_symbols,)
        Precision of the symbol's LF, clipped to [0.01, 0.99].
    symbol_class : ndarray of shape (n_symbols,)
        Class that the symbol votes for; n_classes where it is none, and then without opinion.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    mu : ndarray of shape (n_symbols, n_classes)
    """
    n_classes = len(prior)
    mu = np.tile(frequency[:, None], (1, n_classes))
    if n_classes == 1:
        return mu
    precision = np.clip(precision, LEAST_PRECISION, 1 - LEAST_PRECISION)
    ratio = precision * (n_classes - 1) / (1 - precision)
    votes = np.flatnonzero(symbol_class < n_classes)
    voted = symbol_class[votes]
    mu[votes] /= (ratio[votes] * prior[voted] + 1 - prior[voted])[:, None]
    mu[votes, voted] *= ratio[votes]
    return np.clip(mu, 0.0, 1.0)


def snorkel_start(
    frequency: NDArray[np.float64],
    precision: NDArray[np.float64],
    symbol_class: NDArray[np.intp],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Snorkel's start: P(symbol) precision / p_class for the symbol's own class, else zero.

    Parameters and returns are those of `precision_start`; Snorkel knows no symbol that is no class, which
    here starts at P(symbol).
    """
    n_classes = len(prior)
    mu = np.zeros((len(frequency), n_classes))
    votes = np.flatnonzero(symbol_class < n_classes)
    voted = symbol_class[votes]
    mu[votes, voted] = frequency[votes] * precision[votes] / prior[voted]
    others = symbol_class == n_classes
    mu[others] = frequency[others, None]
    return np.clip(mu, 0.0, 1.0)


def least_probability(n_samples: int) -> float:
    """What a vote that never occurred is taken to be worth: 0.01, or less for more than 100 rows."""
    return float(min(0.01, 10.0 ** -np.ceil(np.log10(n_samples))))


# Votes that each prior is worth: that of an LF's accuracy, and of each row of its confusion table.
PRIOR_VOTES = 5.0


@dataclass(frozen=True)
class VoteTable:
    """What each vote says of the classes, and how frequent these are.

    Attributes
    ----------
    log_table : ndarray of shape (n_symbols, n_classes)
        log P(vote | Y, the LF votes), or log P(vote | Y) for LFs of one symbol.
    log_prior : ndarray of shape (n_classes,)
        log P(Y | the row has a vote).
    """

    log_table: NDArray[np.float64]
    log_prior: NDArray[np.float64]

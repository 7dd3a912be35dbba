"""What a few gold labels say, with what votes say as the prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._evidence.table import PRIOR_VOTES
from .._votes.gold import GoldCounts

ANCHOR_ROWS, ANCHOR_VOTES = 30.0, 10.0


def anchor_strength(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that a learned P(symbol | Y) counts for: 30, or those in which the symbol occurs ten times.

    Parameters
    ----------
    frequency : ndarray of shape (n_symbols,)
        P(symbol), positive.
    """
    return np.maximum(ANCHOR_ROWS, ANCHOR_VOTES / frequency)


def anchor(
    mu: NDArray[np.float64], gold: GoldCounts, strength: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of P(symbol | Y) given the labelled rows, under a Dirichlet prior centred on the learned mu.

    Parameters
    ----------
    mu : ndarray of shape (n_symbols, n_classes)
    gold : GoldCounts
    strength : ndarray of shape (n_symbols,)
        Rows that mu counts for.
    """
    rows = strength[:, None]
    return (gold.by_symbol + rows * mu) / (gold.rows + rows)


def anchor_log_table(
    log_table: NDArray[np.float64],
    lf: NDArray[np.intp],
    has_choice: NDArray[np.bool_],
    gold: GoldCounts,
    strength: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The same for the table of a `VoteTable`: five votes of each LF in each class where it has a choice.

    Parameters
    ----------
    log_table : ndarray of shape (n_symbols, n_classes)
    lf : ndarray of shape (n_symbols,)
    has_choice : ndarray of shape (n_lfs,), dtype bool
    gold, strength
        As in `anchor`.
    """
    table = np.exp(log_table)
    voted = np.zeros((len(has_choice), log_table.shape[1]))
    np.add.at(voted, lf, gold.by_symbol)
    confusion = (gold.by_symbol + PRIOR_VOTES * table) / (voted[lf] + PRIOR_VOTES)
    single = anchor(table, gold, strength)
    return np.asarray(np.log(np.where(has_choice[lf][:, None], confusion, single)))


def anchored_voteless_prior(gold: GoldCounts, prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of P(Y | the row has no vote) given the labels of such rows; the class prior counts for five.

    Parameters
    ----------
    gold : GoldCounts
    prior : ndarray of shape (n_classes,)
    """
    rows = gold.voteless.sum() + PRIOR_VOTES
    return np.asarray((gold.voteless + PRIOR_VOTES * prior) / rows)

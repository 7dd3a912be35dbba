"""What a few gold labels say, with what votes say as the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import VoteModel
from .._evidence.table import PRIOR_VOTES, shrink, sum_of_lf
from .._evidence.told import told_prior
from .observed import Observed

# What a learned P(symbol | Y) is worth beside labelled rows: so many rows, or those that hold ten such votes.
ANCHOR_ROWS = 30.0


def tell_prior(observed: Observed, model: VoteModel) -> VoteModel:
    """Learn from labels how frequent classes are, drawn to what is given, or what votes say."""
    gold = observed.gold
    prior = told_prior(gold, model.prior, observed.n_samples, observed.voted_share)
    return replace(model, prior=prior)


def anchor_strength(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that a learned P(symbol | Y) counts for: 30, or those in which the symbol occurs ten times.

    Parameters
    ----------
    frequency : ndarray of shape (n_symbols,)
        P(symbol), positive.
    """
    return np.maximum(ANCHOR_ROWS, PRIOR_VOTES / frequency)


def count_gold(observed: Observed, model: VoteModel) -> VoteModel:
    """The posterior mean of tables, of mu and of the class prior of rows without votes, given the labelled rows.

    What was learned is the mean of Dirichlet priors. A joint table and mu are worth `anchor_strength` rows, the table
    of an LF that has a choice ten of its votes in each class, and the class prior ten rows.
    """
    gold, table, prior = observed.gold, model.table, model.prior
    rows = anchor_strength(observed.frequency)[:, None]
    p = np.exp(table.log_p)
    voted = sum_of_lf(gold.by_symbol, table.lf, observed.n_lfs)[table.lf]
    confusion = shrink(gold.by_symbol, p, PRIOR_VOTES, voted)
    joint = shrink(gold.by_symbol, p, rows, gold.rows)
    log_p = np.log(np.where(table.joint[table.lf][:, None], joint, confusion))
    mu = shrink(gold.by_symbol, model.mu, rows, gold.rows)
    voteless = shrink(gold.voteless, prior.of_all, PRIOR_VOTES, gold.voteless.sum())
    return replace(
        model,
        table=replace(table, log_p=log_p),
        mu=mu,
        # It no longer adds up to the rows' coverage, as Snorkel takes it to.
        coverage=sum_of_lf(mu @ prior.of_all, table.lf, observed.n_lfs),
        prior=replace(prior, of_voteless=voteless),
    )

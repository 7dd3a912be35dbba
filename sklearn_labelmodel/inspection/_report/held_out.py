"""How well a label model foresees votes that it has not seen, beside majority vote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.base import clone

from ..._evidence.lookup import generative, log_likelihood
from ..._evidence.model import VoteModel
from ..._evidence.prior import given_prior
from ..._learning.majority import EqualVotes, count_equally
from ..._learning.observed import observe, with_classes
from ..._votes.codes import Votes, class_index, no_gold
from .._fitted import FittedModel
from .parts import HeldOut

MOST_ROWS, LEAST_ROWS = 20_000, 20
MOST_PARAMETERS = 1_000_000
LEAST_LOG_POWER, MOST_LOG_POWER, LOG_POWER_ERROR = -2.5, 2.5, 0.05


def held_out_scores(model: FittedModel, votes: Votes) -> HeldOut | None:
    """Judge one half of the rows by the model and by majority vote fitted on the other.

    Majority vote fits the one precision that it gives to all LFs. A model that stops training early keeps them near the
    precision that they started from, and may know better than majority vote which of them to trust and yet foresee
    votes worse, as if they were less accurate than they are. So its trust in all of them is scaled (`with_trust`).

    Parameters
    ----------
    model : fitted label model
    votes : Votes

    Returns
    -------
    scores : HeldOut or None
        None for majority vote itself, fewer than 20 rows, votes that are no class, more than a million parameters, or
        where a half cannot be fitted alone.
    """
    learned = model.vote_model_
    named = class_index(learned.table.vote, learned.classes) < len(learned.classes)
    costly = learned.mu.size > MOST_PARAMETERS
    is_majority = isinstance(learned, EqualVotes)
    if votes.n_samples < LEAST_ROWS or costly or is_majority or not named.all():
        return None
    rows = np.random.RandomState(0).permutation(votes.n_samples)[:MOST_ROWS]
    fitted, judged = (votes.take(np.sort(half)) for half in np.array_split(rows, 2))
    own, majority = _fitted_on(model, fitted)
    if own is None or majority is None:
        return None
    of_own = _log_likelihood(with_trust(own, fitted), judged)
    of_majority = _log_likelihood(majority, judged)
    error = (of_own - of_majority).std() / np.sqrt(judged.n_samples)
    return HeldOut(float(of_own.mean()), float(of_majority.mean()), float(error))


def _fitted_on(model: FittedModel, votes: Votes) -> tuple[VoteModel | None, VoteModel | None]:
    """The model and majority vote of these rows, whose class prior is known; None where they cannot be fitted."""
    classes, prior = model.vote_model_.classes, model.vote_model_.prior.of_all
    own = clone(model).set_params(classes=classes, class_balance=prior)
    if "verbose" in own.get_params():
        own.set_params(verbose=0)
    try:
        observed = with_classes(
            observe(votes, no_gold(votes.n_samples), by_pairs=own._by_pairs), classes
        )
        learned = own._learn(observed, own._assume(observed))
    except (ValueError, FloatingPointError):
        return None, None
    return learned, count_equally(observed, given_prior(prior, classes))


def _log_likelihood(model: VoteModel, votes: Votes) -> NDArray[np.float64]:
    return log_likelihood(votes, generative(model, votes))


def with_trust(model: VoteModel, votes: Votes) -> VoteModel:
    """The model with more or less trust in all LFs, as the votes are likeliest.

    P(symbol | Y) / P(symbol) is raised to a power that is one for all.

    Parameters
    ----------
    model : VoteModel
    votes : Votes

    Returns
    -------
    scaled : VoteModel
        For its likelihood; it labels as before.
    """

    def scaled(log_power: float) -> VoteModel:
        mu = powered(model.mu, model.prior.of_mu, np.exp(log_power))
        return replace(model, mu=np.clip(mu, model.mu_eps, 1 - model.mu_eps))

    def loss(log_power: float) -> float:
        return -float(_log_likelihood(scaled(log_power), votes).mean())

    bounds, options = (LEAST_LOG_POWER, MOST_LOG_POWER), {"xatol": LOG_POWER_ERROR}
    return scaled(minimize_scalar(loss, bounds=bounds, method="bounded", options=options).x)


def powered(
    mu: NDArray[np.float64], prior: NDArray[np.float64], power: float
) -> NDArray[np.float64]:
    """P(symbol | Y) with the powers of P(symbol | Y) / P(symbol), and P(symbol) as before."""
    share = (mu @ prior)[:, None]
    ratio = (mu / share) ** power
    return np.asarray(share * ratio / (ratio @ prior)[:, None])

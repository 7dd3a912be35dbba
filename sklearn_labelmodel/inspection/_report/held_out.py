"""How well a label model foresees votes that it has not seen, beside majority vote."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from ..._models.majority_vote import MajorityVoteClassifier
from ..._votes.classes import class_index
from ..._votes.codes import Votes

MOST_ROWS, LEAST_ROWS = 20_000, 20


MOST_PARAMETERS = 1_000_000


LEAST_LOG_POWER, MOST_LOG_POWER, LOG_POWER_ERROR = -2.5, 2.5, 0.05


@dataclass(frozen=True)
class HeldOut:
    """Mean log-likelihood of held-out rows, and the standard error of its difference from majority vote's.

    Attributes
    ----------
    own, majority, error : float
    """

    own: float
    majority: float
    error: float


def held_out_scores(model: Any, L: Any, n_samples: int) -> HeldOut | None:
    """Judge one half of the rows by the model and by majority vote fitted on the other.

    Majority vote fits the one precision that it gives to all LFs. A model that stops training early keeps them near the
    precision that they started from, and may know better than majority vote which of them to trust and yet foresee
    votes worse, as if they were less accurate than they are. So its trust in all of them is scaled (`with_trust`).

    Parameters
    ----------
    model : fitted label model
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
    n_samples : int

    Returns
    -------
    scores : HeldOut or None
        None for fewer than 20 rows, votes that are no class, more than a million parameters, or where a half cannot
        be fitted alone.
    """
    named = class_index(model.symbols_["vote"], model.classes_) < len(model.classes_)
    costly = model.mu_.size > MOST_PARAMETERS
    if n_samples < LEAST_ROWS or costly or not named.all():
        return None
    if isinstance(model, MajorityVoteClassifier):
        return None
    rows = np.random.RandomState(0).permutation(n_samples)[:MOST_ROWS]
    fitted, judged = (some_rows(L, np.sort(half)) for half in np.array_split(rows, 2))
    known = {"classes": model.classes_, "class_balance": model.class_prior_}
    majority = MajorityVoteClassifier(abstain=model.abstain, **known)
    # What half of the rows warn of, the fit of all of them warned of.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            own = _quiet(clone(model).set_params(**known)).fit(fitted)
            majority.fit(fitted)
        except (ValueError, FloatingPointError):
            return None
    votes = own._read_votes(judged)
    of_own = with_trust(own, own._read_votes(fitted))._log_likelihood(votes)
    of_majority = majority._log_likelihood(votes)
    error = (of_own - of_majority).std() / np.sqrt(votes.n_samples)
    return HeldOut(float(of_own.mean()), float(of_majority.mean()), float(error))


def with_trust(model: Any, votes: Votes) -> Any:
    """A copy of the model that trusts all LFs the more or the less, as the votes are likeliest.

    P(symbol | Y) / P(symbol) is raised to a power that is one for all.

    Parameters
    ----------
    model : fitted label model
    votes : Votes

    Returns
    -------
    scaled : label model
        For its likelihood; it labels as before.
    """

    def scaled(log_power: float) -> Any:
        mu = powered(model.mu_, model.class_prior_, np.exp(log_power))
        other = copy.copy(model)
        other.mu_ = np.clip(mu, model._mu_eps, 1 - model._mu_eps)
        return other

    def loss(log_power: float) -> float:
        return -float(scaled(log_power)._log_likelihood(votes).mean())

    bounds, options = (LEAST_LOG_POWER, MOST_LOG_POWER), {"xatol": LOG_POWER_ERROR}
    return scaled(minimize_scalar(loss, bounds=bounds, method="bounded", options=options).x)


def powered(
    mu: NDArray[np.float64], prior: NDArray[np.float64], power: float
) -> NDArray[np.float64]:
    """P(symbol | Y) with the powers of P(symbol | Y) / P(symbol), and P(symbol) as before."""
    share = (mu @ prior)[:, None]
    ratio = (mu / share) ** power
    return np.asarray(share * ratio / (ratio @ prior)[:, None])


def some_rows(L: Any, rows: NDArray[np.intp]) -> Any:
    """These rows of L."""
    return _safe_indexing(L.tocsr() if sp.issparse(L) else L, rows)


def _quiet(model: Any) -> Any:
    return model.set_params(verbose=0) if "verbose" in model.get_params() else model

"""Expectation maximisation on distinct rows: what each vote says, and how frequent the classes are.

The E-step is the vote model's own rule; the M-step draws what rows then hold to what was assumed. One engine serves
the label model, whose LFs of one symbol keep the table that their assumed precision implies (they are as frequent as
their authors made them, and say nothing of either), and the model of Dawid and Skene.

References
----------
A. P. Dawid, A. M. Skene. Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm.
Journal of the Royal Statistical Society, Series C, 28(1), 1979.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import VoteModel, expected_counts
from .._evidence.table import (
    LEAST_PRECISION,
    PRIOR_VOTES,
    accuracies,
    leaning,
    one_coin,
    shrink,
    sum_of_lf,
)
from .._votes.codes import is_bin
from .observed import Observed

# The label model ----------------------------------------------------------------------------------


def em(
    observed: Observed,
    model: VoteModel,
    *,
    n_steps: int,
    tempering: float = 0.0,
) -> VoteModel:
    """Learn tables of LFs that have a choice, and where it is not known the class prior of rows with votes.

    An LF's accuracy is its expected right votes over all, and its table is what rows hold over its sum, both after
    adding ten votes: of the assumed precision, and of the table that this accuracy implies. The class prior is in
    proportion to (rows of the class + 10) to the power `identified`. LFs of one symbol keep their assumed precision,
    and have the table that it implies under this prior.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its accuracies are those that are assumed.
    n_steps : int
    tempering : float, default=0.0
        Of the E-step, in [0, 1].
    """
    model = replace(model, tempering=tempering)
    if not observed.has_choice.any():
        return model
    known, table, prior = model.prior.known, model.table, model.prior
    power, voted = 0.0 if known else observed.identified, observed.voted_share
    joint = table.joint[observed.lf]
    assumed = observed.meaning, model.accuracies[observed.lf], observed.frequency
    blocks = model.rows(observed.sample)
    for _ in range(n_steps):
        counts, rows, _ = expected_counts(model, blocks)
        log_p = np.log(_confusion(observed, model.accuracies, counts))
        log_p[joint] = table.log_p[joint]
        if not known:
            log_weights = power * np.log(rows + PRIOR_VOTES)
            shares = np.exp(log_weights - log_weights.max())
            shares /= shares.sum()
            told = voted * shares + (1 - voted) * prior.of_voteless
            prior = replace(prior, of_voted=shares, told=told)
            if joint.any():
                log_p[joint] = np.log(one_coin(*assumed, told, joint)[joint])
        model = replace(model, table=replace(table, log_p=log_p), prior=prior)
    return model


def _confusion(
    observed: Observed, precision: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(symbol | Y, the LF votes), drawn to the one coin of each LF's accuracy, shape (n_symbols, n_classes).

    That is the expected share of right ones among its votes for a class, drawn to the assumed precision. Votes for a
    class are taken to be as frequent as classes are, others as they are.
    """
    lf, names_class, k = observed.lf, observed.names_class, len(observed.classes)
    # A sample may miss symbols; they get the one-coin table too.
    votes = np.maximum(counts.sum(axis=1), 1e-3)
    right = (counts * (observed.meaning == 1.0)).sum(axis=1)
    of_symbols = np.column_stack([counts, votes, votes * names_class, right])
    sums = sum_of_lf(of_symbols, lf, observed.n_lfs)
    all_votes, naming, right = sums[:, k:].T
    assumed = np.clip(precision, LEAST_PRECISION, 1 - LEAST_PRECISION)
    accuracy = shrink(right, assumed, PRIOR_VOTES, naming)
    share = np.where(names_class, naming[lf] / k, votes) / all_votes[lf]
    center = share[:, None] * leaning(observed.meaning, accuracy[lf])
    return shrink(counts, center, PRIOR_VOTES, sums[lf, :k])


def mean_with_mu(observed: Observed, model: VoteModel, *, tempering: float) -> VoteModel:
    """The geometric mean of mu and the rows' table: pairs of votes and whole rows say one as much as the other.

    Bins of scores keep the rows' table: judges agree on more than the class, and pairs of bins would take all of it for
    the class.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
    tempering : float
        Of what is learned, in [0, 1].
    """
    table = model.table
    scale = np.where(table.joint, 1.0, observed.coverage)[table.lf]
    log_p = (np.log(model.mu) + table.log_p + np.log(scale)[:, None]) / 2
    log_p = np.where(is_bin(table.vote)[:, None], table.log_p, log_p)
    return replace(model, table=replace(table, log_p=log_p), tempering=tempering)


def judge_lfs(observed: Observed, model: VoteModel) -> VoteModel:
    """How often each LF is right: by the rows' table, and by mu where rows tell nothing, of LFs of one symbol."""
    table, prior = model.table, model.prior
    joint = table.joint[table.lf][:, None]
    joint_p = np.where(joint, model.mu * prior.of_mu, np.exp(table.log_p) * prior.of_voted)
    spoken = sum_of_lf(joint_p.sum(axis=1), table.lf, observed.n_lfs)
    found = accuracies(table.lf, observed.meaning, joint_p, spoken)
    return replace(model, accuracies=np.where(np.isnan(found), model.accuracies, found))


def take_learned_prior(observed: Observed, model: VoteModel) -> VoteModel:  # noqa: ARG001
    """The class prior of rows with votes for that of all."""
    return replace(model, prior=model.prior.for_all(model.prior.of_voted, "learned"))

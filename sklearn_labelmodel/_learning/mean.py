"""From mu and the rows' table to what votes say in the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import VoteModel
from .._evidence.table import accuracies
from .._votes.per_lf import sum_of_lf
from .observed import Observed


def mean_with_mu(observed: Observed, model: VoteModel) -> VoteModel:
    """The geometric mean of mu and the rows' table: pairs of votes and whole rows say one as much as the other."""
    table = model.table
    scale = np.where(table.joint, 1.0, observed.coverage)[table.lf]
    log_p = (np.log(model.mu) + table.log_p + np.log(scale)[:, None]) / 2
    return replace(model, table=replace(table, log_p=log_p))


def believe_mu(observed: Observed, model: VoteModel) -> VoteModel:
    """Votes say what mu says, and the class prior is that of all rows: what the paper describes."""
    joint = np.ones(observed.n_lfs, dtype=bool)
    table = replace(model.table, log_p=np.log(model.mu), joint=joint)
    prior = replace(model.prior, of_voted=model.prior.of_all, of_voteless=model.prior.of_all)
    return replace(model, table=table, prior=prior, accuracies=accuracies_by_mu(observed, model))


def accuracies_by_mu(observed: Observed, model: VoteModel) -> NDArray[np.float64]:
    """P(vote is right | LF votes) by mu, as Snorkel's `get_weights`; a class never voted for has mu_eps."""
    eps, prior = model.mu_eps, model.prior.of_all
    joint_p = np.where(observed.names_class[:, None], (model.mu - eps) * prior, 0.0)
    right = sum_of_lf(
        (joint_p * (observed.meaning == 1.0)).sum(axis=1), observed.lf, observed.n_lfs
    )
    with np.errstate(divide="ignore"):
        return np.clip((right + eps * prior.sum()) / model.coverage, 1e-6, 1.0)


def judge_lfs(observed: Observed, model: VoteModel) -> VoteModel:
    """How often each LF is right, by the rows' table."""
    table, prior = model.table, model.prior
    share = np.where(table.joint[table.lf][:, None], prior.of_all, prior.of_voted)
    joint_p = np.exp(table.log_p) * share
    spoken = sum_of_lf(joint_p.sum(axis=1), table.lf, observed.n_lfs)
    found = accuracies(table.lf, observed.meaning, joint_p, spoken)
    return replace(model, accuracies=np.where(np.isnan(found), model.accuracies, found))

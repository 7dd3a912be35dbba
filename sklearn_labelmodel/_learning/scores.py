"""How far scores of judges vary together, and what their evidence counts then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import Rows, VoteModel
from .._evidence.table import LEAST_PRECISION, leaning, sum_of_lf
from .._votes.codes import is_bin
from .observed import Observed


def doubt_scores(observed: Observed, model: VoteModel) -> VoteModel:
    """The geometric mean of what rows say of bins, and of what was assumed of them.

    Judges agree on more than the class, and EM takes all of it for the class.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its accuracies are those that are assumed.
    """
    table, bins = model.table, is_bin(model.table.vote)
    if not bins.any():
        return model
    each = np.clip(model.accuracies, LEAST_PRECISION, 1 - LEAST_PRECISION)[table.lf[bins]]
    shares = observed.frequency[bins] / observed.coverage[table.lf[bins]]
    assumed = np.log(shares[:, None] * leaning(observed.meaning[bins], each))
    log_p = table.log_p.copy()
    log_p[bins] = (log_p[bins] + assumed) / 2
    return replace(model, table=replace(table, log_p=log_p))


def temper_scores(observed: Observed, model: VoteModel, *, independent: bool = False) -> VoteModel:
    """Temper rows by how much what scores say varies together.

    With e what a score says, the evidence of independent ones would vary by sum of var(e); it varies by

        D = var(sum of e) / sum of var(e)

    times as much, the design effect of Kish: n scores are worth n / D. The truth makes them vary together, too, but
    judges also share what only seems to be it, and votes alone do not tell these apart; so all of it counts. D is that
    of a row of the mean number n of scores, so that the exponent of theirs is log D / log n. That of the model is the
    mean of this and of the votes' own, each counted as often as it occurs.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
    independent : bool, default=False
        Whether the user takes all LFs to err independently.

    References
    ----------
    L. Kish. Survey Sampling. Wiley 1965.
    """
    bins = is_bin(model.table.vote)
    if independent or not bins.any():
        return model
    n_scores, n_votes = observed.frequency[bins].sum(), observed.frequency[~bins].sum()
    effect = design_effect(observed, model)
    exponent = np.log(effect) / np.log(n_scores) if n_scores > 1 else 0.0
    exponent = float(np.clip(exponent, 0.0, 1.0))
    tempering = (n_scores * exponent + n_votes * model.tempering) / (n_scores + n_votes)
    return replace(model, tempering=float(tempering))


def design_effect(observed: Observed, model: VoteModel) -> float:
    """The variance of what the scores of a row say together, over that of as many independent ones; at least 1."""
    table, weight = model.table, model.dependence.weight
    says = table.log_p - table.log_p.mean(axis=1, keepdims=True)
    says = says * (weight * is_bin(table.vote))[:, None]
    frequency = observed.frequency[:, None]
    means = sum_of_lf(frequency * says, table.lf, observed.n_lfs)
    alone = (frequency * says**2).sum() - (means**2).sum()
    blocks = model.rows(observed.sample)
    sums = [np.asarray(block.indicators @ says) for block in blocks]
    return max(1.0, _variance(sums, blocks) / alone) if alone > 0 else 1.0


def _variance(sums: list[NDArray[np.float64]], blocks: list[Rows]) -> float:
    """The variance of rows, summed over classes."""
    rows, weight = np.concatenate(sums), np.concatenate([block.weight for block in blocks])
    mean = np.average(rows, axis=0, weights=weight)
    return float(np.average((rows - mean) ** 2, axis=0, weights=weight).sum())

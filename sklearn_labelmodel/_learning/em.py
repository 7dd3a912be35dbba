"""Expectation maximisation on distinct rows: what each vote says, and how frequent the classes are.

The E-step is the vote model's own rule; the M-step draws what rows then hold to what was assumed. LFs of one symbol
keep the table that their assumed precision implies: they are as frequent as their authors made them, and say nothing
of either.

EM takes labeling functions (LFs) that copy each other for right. So between its rounds copies are looked for, by what
LFs agree in beyond their accuracies. All that is found comes from co-occurrences, so that it costs nothing a row.

References
----------
A. P. Dawid, A. M. Skene. Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm.
Journal of the Royal Statistical Society, Series C, 28(1), 1979.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import NO_PAIRS, Dependence, VoteModel, maximise
from .._evidence.table import (
    LEAST_PRECISION,
    PRIOR_VOTES,
    leaning,
    one_coin,
    shrink,
    sum_of_lf,
)
from .._votes.codes import is_bin
from .._votes.pairs import PairCounts, dense, sum_by_lf, symbols_by_vote
from .observed import Observed

LEAST_RATIO, LEAST_SINGLE_RATIO, LEAST_SURE_RATIO, LEAST_Z = 0.5, 0.9, 0.4, 3.0
# Votes that LFs which are the same in every row cast.
LEAST_VOTES = 30.0
# Votes that independence is worth.
INDEPENDENT_VOTES = 5.0
# What tables that EM has not finished leave unexplained, whatever the number of rows.
LEAST_DEPENDENCE = 0.1
# Pairs of LFs are compared in arrays of their number squared.
MOST_LFS = 2000


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
    power = 0.0 if model.prior.known else observed.identified
    m_step = partial(_m_step, observed, power=power, joint=model.table.joint[observed.lf])
    learned = maximise(model, model.rows(observed.sample), m_step, n_steps)
    return replace(learned, history=model.history)


def _m_step(
    observed: Observed,
    model: VoteModel,
    counts: NDArray[np.float64],
    rows: NDArray[np.float64],
    *,
    power: float,
    joint: NDArray[np.bool_],
) -> VoteModel:
    """Tables that are drawn to the one coin of each LF's accuracy, and the class prior that goes with them.

    An accuracy is the expected share of right ones among an LF's votes for a class, drawn to the assumed precision.
    Votes for a class are taken to be as frequent as classes are, others as they are.
    """
    lf, names_class, k = observed.lf, observed.names_class, len(observed.classes)
    # A sample may miss symbols; they get the one-coin table too.
    votes = np.maximum(counts.sum(axis=1), 1e-3)
    right = (counts * (observed.meaning == 1.0)).sum(axis=1)
    of_symbols = np.column_stack([counts, votes, votes * names_class, right])
    sums = sum_of_lf(of_symbols, lf, observed.n_lfs)
    all_votes, naming, right = sums[:, k:].T
    assumed = np.clip(model.accuracies, LEAST_PRECISION, 1 - LEAST_PRECISION)
    accuracy = shrink(right, assumed, PRIOR_VOTES, naming)
    share = np.where(names_class, naming[lf] / k, votes) / all_votes[lf]
    center = share[:, None] * leaning(observed.meaning, accuracy[lf])
    log_p = np.log(shrink(counts, center, PRIOR_VOTES, sums[lf, :k]))
    log_p[joint] = model.table.log_p[joint]
    prior = model.prior
    if not prior.known:
        log_weights = power * np.log(rows + PRIOR_VOTES)
        shares = np.exp(log_weights - log_weights.max())
        shares /= shares.sum()
        voted = observed.voted_share
        told = voted * shares + (1 - voted) * prior.of_voteless
        prior = replace(prior, of_voted=shares, told=told)
        if joint.any():
            each = model.accuracies[lf]
            of_one = one_coin(observed.meaning, each, observed.frequency, told, joint)
            log_p[joint] = np.log(of_one[joint])
    return replace(model, table=replace(model.table, log_p=log_p), prior=prior)


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
    """P(vote is right | LF votes), in [1e-6, 1]: by the rows' table, or by mu where rows tell nothing.

    That is so of LFs of one symbol. An LF that never votes keeps its assumed accuracy.
    """
    table, prior = model.table, model.prior
    joint = table.joint[table.lf][:, None]
    joint_p = np.where(joint, model.mu * prior.of_mu, np.exp(table.log_p) * prior.of_voted)
    spoken = sum_of_lf(joint_p.sum(axis=1), table.lf, observed.n_lfs)
    right = sum_of_lf((joint_p * observed.is_right).sum(axis=1), table.lf, observed.n_lfs)
    votes, accuracies = spoken > 0, model.accuracies.copy()
    accuracies[votes] = np.clip(right[votes] / spoken[votes], 1e-6, 1.0)
    return replace(model, accuracies=accuracies)


def take_learned_prior(observed: Observed, model: VoteModel) -> VoteModel:  # noqa: ARG001
    """The class prior of rows with votes for that of all."""
    return replace(model, prior=model.prior.for_all(model.prior.of_voted, "learned"))


# Copies -------------------------------------------------------------------------------------------


def weigh_copies(
    observed: Observed,
    model: VoteModel,
    *,
    trial: Callable[[Observed, VoteModel], VoteModel] | None = None,
) -> VoteModel:
    """Count votes of LFs less that agree more than this model's tables explain.

    Copies outvote the others, and whoever believes them long enough finds nothing odd in their agreement: so they are
    looked for early, and once more when accuracies are known better.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its accuracies are those that are assumed.
    trial : learner, default=None
        Whose tables are asked in place of the model's, and forgotten.
    """
    tried = model if trial is None else trial(observed, model)
    table, prior = np.exp(tried.table.log_p), tried.prior
    found = find_copies(observed.statistics, table, prior.of_voted, prior.of_mu, model.accuracies)
    return replace(model, dependence=found)


def find_copies(
    statistics: PairCounts,
    table: NDArray[np.float64],
    voted_prior: NDArray[np.float64],
    prior: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> Dependence:
    """Compare how often LFs agree with what independent errors would bring.

    Of the disagreements that are expected, the share that is missing:

        ratio = (agreements - expected) / (common rows - expected + 5),    z = (agreements - expected) / s.e.

    The dependence of two LFs is ratio (1 - 1 / z), or 0 where that is less than 0.1; near-duplicates have ratio > 0.5
    (0.9 between LFs of one symbol, since accurate ones vote together too) and z > 3.
    Many copies of one LF seem to be the truth, so that tables explain that they agree. Hence LFs are compared, too,
    with LFs of the assumed precision, or of their own frequencies of votes, whichever agree more often. Where that
    ratio is over 0.4, they are better than assumed, or copies. Who is better agrees with the other LFs more than these
    among each other; those that do not copy each other surely, and are near-duplicates too. So do those that cast the
    same votes, 30 or more, in the same rows, and are silent together more than by chance.
    LFs of one symbol never disagree where both vote: for two of these an agreement is a row in which both vote,
    common rows are those in which the rarer one does, and only near-duplicates depend on each other. So it is among
    bins of scores: what else judges agree in tempers rows (`temper_scores`). Of more than 2,000 LFs of a kind, none is
    compared.

    Parameters
    ----------
    statistics : PairCounts
    table : ndarray of shape (n_symbols, n_classes)
        P(vote | Y, the LF votes), or P(vote | Y) for LFs of one symbol.
    voted_prior, prior : ndarray of shape (n_classes,)
        P(Y | the row has a vote), and P(Y) that goes with the tables of LFs of one symbol.
    precision : ndarray of shape (n_lfs,)
        Precision that each LF is assumed to have.

    Returns
    -------
    found : Dependence
        A vote weighs 1 / (1 + the sum of its LF's dependence on others over the equal votes that are expected in its
        row). Pairs are near-duplicates; those of them that surely copy each other are left out of training. (Leaving
        out all that were found made labels worse.)
    """
    weights, near, sure = np.ones(len(statistics.lf)), [NO_PAIRS], NO_PAIRS
    chooses, bins = (np.bincount(statistics.lf) > 1)[statistics.lf], is_bin(statistics.vote)
    kinds = {"votes": chooses & ~bins, "scores": chooses & bins, "single": ~chooses}
    for kind, of_kind in kinds.items():
        symbols = np.flatnonzero(of_kind)
        lfs, own = np.unique(statistics.lf[symbols], return_inverse=True)
        if table.shape[1] == 1 or not 2 <= len(lfs) <= MOST_LFS:
            continue
        together = statistics.cooccurrence
        some = PairCounts(
            statistics.n_samples,
            len(lfs),
            own,
            statistics.vote[symbols],
            together if of_kind.all() else together[symbols][:, symbols],
            statistics.gold_counts[symbols],
            statistics.gold_rows,
        )
        if kind == "single":
            ratio, z, is_sure = _compare_rows(some, table[symbols], prior)
        else:
            assumed = precision[lfs] if kind == "votes" else None
            ratio, z, is_sure = _compare_votes(some, table[symbols], voted_prior, assumed)
        least = LEAST_SINGLE_RATIO if kind == "single" else LEAST_RATIO
        is_near = is_sure | (ratio > least) & (z > LEAST_Z)
        dependence = ratio * (1 - 1 / np.maximum(z, 1.0))
        depends = (dependence >= LEAST_DEPENDENCE) & (is_near | (kind == "votes"))
        weights[symbols] = 1 / (1 + _shared(some, np.where(depends, dependence, 0.0)))
        near.append(lfs[np.argwhere(np.triu(is_near))])
        sure = np.concatenate([sure, lfs[np.argwhere(np.triu(is_sure))]])
    return Dependence(weights, np.concatenate(near), apart=sure)


Compared = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]


def _compare_votes(
    some: PairCounts,
    table: NDArray[np.float64],
    voted_prior: NDArray[np.float64],
    precision: NDArray[np.float64] | None,
) -> Compared:
    """Ratio and z of LFs that have a choice, and whether they surely are copies, which no scores are.

    LFs of the assumed precision, None for scores, agree as often as two coins; or as often as their votes are frequent.
    """
    agreed, expected, by_chance = np.zeros((3, some.n_lfs, some.n_lfs))
    frequency = some.counts / np.bincount(some.lf, some.counts)[some.lf]
    for symbols in symbols_by_vote(some.vote):
        pairs = np.ix_(some.lf[symbols], some.lf[symbols])
        agreed[pairs] += dense(some.cooccurrence[symbols][:, symbols])
        expected[pairs] += (table[symbols] * voted_prior) @ table[symbols].T
        by_chance[pairs] += np.outer(frequency[symbols], frequency[symbols])
    common = sum_by_lf(some.cooccurrence, some.lf, some.n_lfs)
    ratio, z = beyond_chance(agreed, expected * common, common)
    if precision is None:
        return ratio, z, np.zeros_like(ratio, dtype=bool)
    wrong = 1 - precision
    right = np.outer(precision, precision) + np.outer(wrong, wrong) / (table.shape[1] - 1)
    sure_ratio, sure_z = beyond_chance(agreed, np.maximum(by_chance, right) * common, common)
    is_sure = (sure_ratio > LEAST_SURE_RATIO) & (sure_z > LEAST_Z)
    if is_sure.any():
        is_sure = _are_contradicted(is_sure, agreed, common)
    votes = agreed.diagonal()
    is_same = (agreed == votes) & (agreed == votes[:, None]) & (votes >= LEAST_VOTES)
    np.fill_diagonal(is_same, val=False)
    if is_same.any():
        is_same &= _are_silent_together(agreed, votes, some.n_samples)
        is_sure, sure_z = is_sure | is_same, np.where(is_same, np.inf, sure_z)
    ratio = np.where(is_sure, np.maximum(ratio, sure_ratio), ratio)
    return ratio, np.where(is_sure, np.maximum(z, sure_z), z), is_sure


def _are_contradicted(
    alike: NDArray[np.bool_], agreed: NDArray[np.float64], common: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Pairs of alike LFs that both agree with the LFs unlike them less often than these agree among each other.

    Those of the latter that may be copies themselves do not count, if there are any others.
    """
    asked = np.flatnonzero(alike.any(axis=1))
    apart = 1.0 - np.eye(len(alike))
    agreed, common = agreed * apart, common * apart
    others = (~alike & (apart > 0))[asked]
    with_others = _rate(*((matrix[asked] * others).sum(axis=1) for matrix in (agreed, common)))
    among = [(others @ matrix * others).sum(axis=1) for matrix in (agreed, common)]
    unlike = [(others @ (matrix * ~alike) * others).sum(axis=1) for matrix in (agreed, common)]
    among = [
        np.where(unlike[1] > 0, some, every) for some, every in zip(unlike, among, strict=True)
    ]
    less = np.zeros(len(alike), dtype=bool)
    less[asked] = with_others < _rate(*among)
    return alike & less[:, None] & less


def _rate(agreed: NDArray[np.float64], common: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(agreed, common, out=np.zeros_like(agreed), where=common > 0)


def _are_silent_together(
    agreed: NDArray[np.float64], votes: NDArray[np.float64], n_samples: float
) -> NDArray[np.bool_]:
    """Whether LFs vote in the same rows, and are silent in the same, more than by chance."""
    expected, common = np.outer(votes, votes) / n_samples, np.minimum(votes, votes[:, None])
    ratio, z = beyond_chance(agreed, expected, common)
    return (ratio > LEAST_RATIO) & (z > LEAST_Z)


def _compare_rows(
    some: PairCounts, table: NDArray[np.float64], prior: NDArray[np.float64]
) -> Compared:
    """The same of LFs of one symbol, by the rows in which both vote; nothing between unlike votes."""
    alike = some.vote[:, None] == some.vote
    together = dense(some.cooccurrence)
    counts = together.diagonal()
    expected = some.n_samples * (table * prior) @ table.T
    common = np.minimum(counts[:, None], counts)
    ratio, z = beyond_chance(together * alike, expected * alike, common * alike)
    return ratio, z, np.zeros_like(alike)


def beyond_chance(
    agreed: NDArray[np.float64], expected: NDArray[np.float64], common: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratio in [0, 1] and z, with an empty diagonal of ratios."""
    beyond = agreed - expected
    error = np.sqrt(np.maximum(expected * (1 - expected / np.maximum(common, 1e-9)), 0.0))
    z = np.divide(beyond, error, out=np.zeros_like(beyond), where=error > 0)
    ratio = np.clip(beyond / (common - expected + INDEPENDENT_VOTES), 0.0, 1.0)
    np.fill_diagonal(ratio, 0.0)
    return ratio, z


def _shared(some: PairCounts, dependence: NDArray[np.float64]) -> NDArray[np.float64]:
    """The dependence of each symbol's LF on others, over the equal votes expected in its row."""
    shared = np.zeros(len(some.lf))
    for symbols in symbols_by_vote(some.vote):
        own = some.lf[symbols]
        together = dense(some.cooccurrence[symbols][:, symbols])
        shared[symbols] = (dependence[np.ix_(own, own)] * together).sum(axis=1)
    return shared / some.counts

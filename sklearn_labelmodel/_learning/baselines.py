"""The models that a label model has to beat: majority vote, and that of Dawid and Skene, whose EM starts from it.

In majority vote every vote counts for the class that it names, or as gold labels translate it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._evidence.model import (
    ClassPrior,
    Dependence,
    Rows,
    VoteModel,
    accuracies_by_mu,
    certain,
    maximise,
    places_of,
)
from .._evidence.table import (
    VoteTable,
    leaning,
    least_probability,
    one_coin,
    shrink,
    sum_of_lf,
)
from .._votes.codes import class_index
from .observed import Observed

UNKNOWN_PRECISION = 0.7
TINY = 1e-10
# Rows of each class that hold each symbol, and rows of each class, as `expected_counts` returns them.
Expected = tuple[NDArray[np.float64], NDArray[np.float64]]


def nothing_told(observed: Observed, prior: ClassPrior, precision: float) -> VoteModel:
    """The vote model in which votes say nothing yet, and all LFs are taken to have one precision."""
    nothing = np.zeros_like(observed.meaning)
    joint = np.ones(observed.n_lfs, dtype=bool)
    return VoteModel(
        classes=observed.classes,
        table=VoteTable(observed.lf, observed.vote, nothing, joint),
        prior=prior,
        dependence=Dependence(np.ones(len(nothing))),
        tempering=0.0,
        offsets=np.zeros(len(observed.classes)),
        mu=nothing,
        mu_eps=least_probability(observed.n_samples),
        coverage=observed.coverage,
        accuracies=np.full(observed.n_lfs, precision),
    )


# Majority vote ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class EqualVotes(VoteModel):
    """A vote model in which a class is as probable as its share of the row's votes.

    Attributes
    ----------
    counts : ndarray of shape (n_symbols, n_classes)
        What each symbol counts for each class.
    translated : ndarray of shape (n_lfs,), dtype bool
        Whether gold labels say what the LF's votes count for. Votes of others count for the class that they name,
        also where they were never seen.
    precision : float
        The one that all LFs share in the generative reading.
    """

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    translated: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    precision: float = UNKNOWN_PRECISION

    def scores(self, rows: Rows) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.log(shares_of((rows.indicators @ self.counts).T, self.prior.of_voteless))

    def on(self, lf: NDArray[np.intp], vote: NDArray[Any]) -> EqualVotes:
        place = places_of(lf, vote, self.table)
        nothing = np.zeros((1, len(self.classes)))
        counts = np.vstack([self.counts, nothing])[place]
        literal = ~self.translated[lf] & (place == len(self.counts))
        named = class_index(vote, self.classes)
        literal &= named < len(self.classes)
        counts[literal, named[literal]] = 1.0
        other = super().on(lf, vote)
        return replace(cast(EqualVotes, other), counts=counts)


def shares_of(counts: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each class's share of what votes count for, the prior where they count for none; (n_classes, n_rows)."""
    total = counts.sum(axis=0)
    counts = np.where(total > 0, counts, prior[:, None])
    return np.divide(counts, np.where(total > 0, total, 1.0), order="C")


def count_equally(observed: Observed, prior: ClassPrior) -> EqualVotes:
    """Majority vote, and the model whose Bayes decision it is at equal class shares.

    There, LFs err independently, and each favours its class over any other by the same odds: those of the precision
    under which two votes of a row agree as often as they do.

    Parameters
    ----------
    observed : Observed
    prior : ClassPrior
    """
    lf, n_lfs, k = observed.lf, observed.n_lfs, len(observed.classes)
    foreign = lf[~observed.tells]
    translated = np.isin(np.arange(n_lfs), foreign) & observed.gold.rows.any()
    counts = _vote_counts(observed, translated[lf])
    meaning = np.where(translated[lf][:, None], 1 / k, observed.meaning)
    means = counts.any(axis=1) & translated[lf]
    meaning[means] = np.eye(k)[counts[means].argmax(axis=1)]
    precision = shared_precision(agreement(observed, meaning), k)
    mu = one_coin(meaning, np.full(len(counts), precision), observed.frequency, prior.of_all)
    untold = nothing_told(observed, prior, precision)
    mu = np.clip(mu, untold.mu_eps, 1 - untold.mu_eps)
    model = replace(untold, mu=mu, table=replace(untold.table, log_p=np.log(mu)))
    model = replace(model, accuracies=accuracies_by_mu(model, observed.is_right))
    return EqualVotes(**vars(model), counts=counts, translated=translated, precision=precision)


def _vote_counts(observed: Observed, translated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each symbol counts for each class: as much as it means it, or as the gold labels share it out."""
    counts = np.where(observed.tells[:, None], observed.meaning, 0.0)
    if translated.any():
        gold = observed.gold.by_symbol[translated]
        total = gold.sum(axis=1, keepdims=True)
        counts[translated] = np.divide(gold, total, out=np.zeros_like(gold), where=total > 0)
    return counts


def agreement(observed: Observed, meaning: NDArray[np.float64]) -> float | None:
    """Share of agreeing pairs among the pairs of votes that meet in a row; None without any."""
    patterns = observed.patterns
    named = np.where(meaning == 1.0, meaning, 0.0)
    agreeing, pairs = 0.0, 0.0
    for rows, indicators in patterns.cuts(len(observed.classes)):
        counts, weight = np.asarray(indicators @ named), patterns.weight[rows]
        total = counts.sum(axis=1)
        agreeing += weight @ ((counts - 1) * counts).sum(axis=1)
        pairs += weight @ ((total - 1) * total)
    return agreeing / pairs if pairs else None


def shared_precision(agreement: float | None, n_classes: int) -> float:
    """The a of agreement = a^2 + (1 - a)^2 / (k - 1), at least 1 / k."""
    if agreement is None or n_classes == 1:
        return UNKNOWN_PRECISION
    surplus = max(0.0, (n_classes - 1) * (n_classes * agreement - 1))
    return float((1 + surplus**0.5) / n_classes)


# Dawid and Skene ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """What Dawid and Skene's M-step draws tables to.

    Attributes
    ----------
    center : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y, the LF votes) that the LFs' Dirichlet priors are centred on.
    center_rate, strength_rate : ndarray of shape (n_lfs, n_classes), (n_lfs, 1)
        P(the LF votes | Y) that its Beta priors are centred on, and the rows that these are worth.
    coins : ndarray of shape (n_lfs,), dtype bool
        Whether the LF has one accuracy in place of a table.
    speaks : ndarray of shape (n_lfs,), dtype bool
        Whether it is evidence that the LF votes at all.
    silence_counts : bool
        Whether abstaining is evidence.
    one_voice : ndarray of shape (n_lfs,), dtype bool
        Whether the LF is one of those whose votes are read as one voter's, who names the LF.
    precision : ndarray of shape (n_lfs,)
        Precision of each LF that its Dirichlet priors are centred on.
    strength : float
        Votes that such a prior is worth.
    """

    center: NDArray[np.float64]
    center_rate: NDArray[np.float64]
    strength_rate: NDArray[np.float64]
    coins: NDArray[np.bool_]
    speaks: NDArray[np.bool_]
    silence_counts: bool
    one_voice: NDArray[np.bool_]
    precision: NDArray[np.float64]
    strength: float


def dawid_skene(
    observed: Observed,
    model: VoteModel,
    start: Expected,
    blocks: list[Rows],
    *,
    strength: float,
    one_coin_lfs: bool,
    informative_abstain: bool | str,
    max_iter: int,
    tol: float | None,
) -> VoteModel:
    """Dawid and Skene's model of the rows, from a start's expected counts.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its prior is kept where it is known, else learned; its accuracies are those that the tables are drawn to.
    start : tuple of (counts, rows)
        As `expected_counts` returns them.
    blocks : list of Rows
    strength : float
        Votes that Dirichlet priors are worth.
    one_coin_lfs, informative_abstain
        `one_coin` and `informative_abstain` of DawidSkeneClassifier.
    max_iter : int
    tol : float or None
    """
    assumed = _draw_to(
        observed,
        model.accuracies,
        _learned_prior(start[1], strength) if not model.prior.known else model.prior.of_all,
        strength=strength,
        one_coin_lfs=one_coin_lfs,
        informative_abstain=informative_abstain,
    )

    m_step = partial(_dawid_skene_step, observed, assumed)
    return maximise(m_step(model, *start), blocks, m_step, max_iter, tol)


def majority_start(observed: Observed, model: VoteModel, blocks: list[Rows]) -> Expected:
    """Expected counts where each row's classes are as probable as they have votes."""
    counts, rows = np.zeros_like(observed.meaning), np.zeros(len(observed.classes))
    for block in blocks:
        shares = vote_shares(observed, block, model.prior.of_all)
        rows += shares @ block.weight
        counts += block.by_symbol @ np.multiply(shares.T, block.weight[:, None], order="C")
    return counts, rows


def vote_shares(observed: Observed, block: Rows, prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each class's share of the votes, the prior without votes, certainty where there is gold; (n_classes, n_rows)."""
    counts = votes_for(observed, block.indicators).T
    return certain(shares_of(counts, prior), block.gold)


def _draw_to(
    observed: Observed,
    precision: NDArray[np.float64],
    prior: NDArray[np.float64],
    *,
    strength: float,
    one_coin_lfs: bool,
    informative_abstain: bool | str,
) -> DawidSkene:
    lf, n_lfs, coverage = observed.lf, observed.n_lfs, observed.coverage
    center = one_coin(observed.meaning, precision[lf], observed.frequency, prior)
    rate = sum_of_lf(center, lf, n_lfs)
    foreign = sum_of_lf(~observed.names_class * 1.0, lf, n_lfs) > 0
    coins = np.full(n_lfs, one_coin_lfs) & ~foreign
    one_sided = (np.bincount(lf, minlength=n_lfs) == 1) & ~coins
    speaks = one_sided if informative_abstain == "one-sided" else bool(informative_abstain)
    speaks = np.broadcast_to(speaks, n_lfs)
    silence_counts = informative_abstain is True
    # Of LFs that all vote for one class, nothing but that they vote could be evidence.
    several = len(np.unique(observed.symbol_class[speaks[lf]])) > 1
    return DawidSkene(
        center=center / rate[lf],
        center_rate=np.clip(rate, 0.0, 1.0),
        strength_rate=(strength / np.maximum(coverage, 1 / observed.n_samples))[:, None],
        coins=coins,
        speaks=speaks,
        silence_counts=silence_counts,
        one_voice=speaks & several & (not silence_counts),
        precision=precision,
        strength=strength,
    )


def _dawid_skene_step(
    observed: Observed,
    assumed: DawidSkene,
    model: VoteModel,
    counts: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> VoteModel:
    """The mode of the parameters given the expected counts and the Dirichlet priors."""
    prior, lf = model.prior, observed.lf
    if not prior.known:
        prior = prior.for_all(_learned_prior(rows, assumed.strength), "learned")
    votes = sum_of_lf(counts, lf, observed.n_lfs)
    rate = _rates(observed, assumed, rows, votes)
    mu = rate[lf] * _tables(observed, assumed, counts, votes)
    silence = np.log(1 - rate) if assumed.silence_counts else None
    joint = np.ones(observed.n_lfs, dtype=bool)
    table = VoteTable(lf, observed.vote, _log_evidence(mu, assumed.one_voice[lf]), joint, silence)
    return replace(model, table=table, prior=prior, mu=mu)


def _log_evidence(mu: NDArray[np.float64], one_voice: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log P(symbol | Y); of LFs that are one voice log P(it is this one | Y, one of them votes)."""
    evidence = np.log(mu)
    evidence[one_voice] -= np.log(np.maximum(mu[one_voice].sum(axis=0), TINY))
    return evidence


def _learned_prior(rows: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    k = len(rows)
    shares = shrink(rows, 1 / k, strength * k, rows.sum())
    shares = np.maximum(shares, TINY)
    return np.asarray(shares / shares.sum())


def _tables(
    observed: Observed,
    assumed: DawidSkene,
    counts: NDArray[np.float64],
    votes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(symbol | Y, the LF votes), shape (n_symbols, n_classes)."""
    lf = observed.lf
    table = np.maximum(counts + assumed.strength * assumed.center, TINY)
    table /= sum_of_lf(table, lf, observed.n_lfs)[lf]
    tossed = assumed.coins[lf]
    if tossed.any():
        accuracy = _coin_accuracies(observed, assumed, counts, votes)[lf[tossed]]
        coin = leaning(observed.meaning[tossed], accuracy) / len(observed.classes)
        table[tossed] = np.clip(coin, TINY, 1 - TINY)
    return table


def _coin_accuracies(
    observed: Observed,
    assumed: DawidSkene,
    counts: NDArray[np.float64],
    votes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(vote is right) of each LF whatever the class, shape (n_lfs,)."""
    right = sum_of_lf((counts * (observed.meaning == 1.0)).sum(axis=1), observed.lf, len(votes))
    total = votes.sum(axis=1)
    voted = total + assumed.strength > 0
    total = np.where(voted, total, 1.0)
    accuracy = shrink(right, assumed.precision, assumed.strength, total)
    return np.where(voted, accuracy, assumed.precision)


def _rates(
    observed: Observed,
    assumed: DawidSkene,
    rows: NDArray[np.float64],
    votes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(the LF votes | Y), shape (n_lfs, n_classes); rows left out are taken to be like the others."""
    rate = np.tile(observed.coverage[:, None], (1, len(rows)))
    speaks = assumed.speaks
    if speaks.any():
        all_rows = np.maximum(rows * observed.n_samples / rows.sum(), TINY)
        learned = shrink(votes, assumed.center_rate, assumed.strength_rate, all_rows)
        rate[speaks] = np.clip(learned[speaks], TINY, 1 - TINY)
    return rate


def votes_for(observed: Observed, indicators: sp.csr_array) -> NDArray[np.float64]:
    """Votes for each class, shape (n_rows, n_classes)."""
    told = np.where(observed.tells[:, None], observed.meaning, 0.0)
    return np.asarray(indicators @ told)

"""Dawid and Skene's model: the M-step of its EM, and what votes say before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._evidence.model import Rows, VoteModel, certain, maximise
from .._evidence.table import VoteTable, leaning, one_coin, shrink, sum_of_lf
from .observed import Observed

TINY = 1e-10
# Rows of each class that hold each symbol, and rows of each class, as `expected_counts` returns them.
Expected = tuple[NDArray[np.float64], NDArray[np.float64]]


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
    strength, precision : float
        Votes that a Dirichlet prior is worth; precision that it is centred on.
    """

    center: NDArray[np.float64]
    center_rate: NDArray[np.float64]
    strength_rate: NDArray[np.float64]
    coins: NDArray[np.bool_]
    speaks: NDArray[np.bool_]
    silence_counts: bool
    one_voice: NDArray[np.bool_]
    strength: float
    precision: float


def dawid_skene(
    observed: Observed,
    model: VoteModel,
    start: Expected,
    blocks: list[Rows],
    *,
    strength: float,
    precision: float,
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
        Its prior is kept where it is known, else learned.
    start : tuple of (counts, rows)
        As `expected_counts` returns them.
    blocks : list of Rows
    strength, precision : float
        Votes that Dirichlet priors are worth, and the precision that they are centred on.
    one_coin_lfs, informative_abstain
        `one_coin` and `informative_abstain` of DawidSkeneClassifier.
    max_iter : int
    tol : float or None
    """
    assumed = _draw_to(
        observed,
        _learned_prior(start[1], strength) if not model.prior.known else model.prior.of_all,
        strength=strength,
        precision=precision,
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
    shares = votes_for(observed, block.indicators).T
    total = shares.sum(axis=0)
    default = np.tile(prior[:, None], (1, len(total)))
    return certain(np.divide(shares, total, out=default, where=total > 0), block.gold)


def _draw_to(
    observed: Observed,
    prior: NDArray[np.float64],
    *,
    strength: float,
    precision: float,
    one_coin_lfs: bool,
    informative_abstain: bool | str,
) -> DawidSkene:
    lf, n_lfs, coverage = observed.lf, observed.n_lfs, observed.coverage
    center = one_coin(observed.meaning, np.full(len(lf), precision), observed.frequency, prior)
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
        strength=strength,
        precision=precision,
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

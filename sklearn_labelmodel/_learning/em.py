"""Expectation maximisation for the voters' confusion tables.

It reads distinct rows, so that an iteration costs two sparse products over these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._evidence.table import precision_start
from .._votes.patterns import Block, Patterns, vote_counts

TINY = 1e-10


# The model ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """All that the M-step needs besides the expected counts.

    Attributes
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class.
    members : CSR array of shape (n_lfs, n_symbols)
        1 where the symbol is the LF's.
    center : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y, the LF votes) that the LFs' Dirichlet priors are centred on.
    center_rate, strength_rate : ndarray of shape (n_lfs, n_classes), (n_lfs, 1)
        P(the LF votes | Y) that its Beta priors are centred on, and the rows that these are worth.
    coverage : ndarray of shape (n_lfs,)
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
    prior : ndarray of shape (n_classes,) or None
        The class prior where it is given, else it is learned.
    n_samples : int
    """

    lf: NDArray[np.intp]
    symbol_class: NDArray[np.intp]
    members: Any
    center: NDArray[np.float64]
    center_rate: NDArray[np.float64]
    strength_rate: NDArray[np.float64]
    coverage: NDArray[np.float64]
    coins: NDArray[np.bool_]
    speaks: NDArray[np.bool_]
    silence_counts: bool
    one_voice: NDArray[np.bool_]
    strength: float
    precision: float
    prior: NDArray[np.float64] | None
    n_samples: int


def make_model(
    patterns: Patterns,
    symbol_class: NDArray[np.intp],
    prior: NDArray[np.float64] | None,
    start: Expected,
    *,
    strength: float,
    precision: float,
    one_coin: bool,
    informative_abstain: bool | str,
) -> Model:
    """The model of the patterns' votes; its Dirichlet priors are centred as the start's classes imply.

    Parameters
    ----------
    patterns : Patterns
    symbol_class, prior, strength, precision
        As in Model.
    start : Expected
    one_coin, informative_abstain
        As in DawidSkeneClassifier.
    """
    lf, n_lfs, n_symbols = patterns.lf, patterns.n_lfs, len(patterns.lf)
    members = sp.csr_array((np.ones(n_symbols), (lf, np.arange(n_symbols))), (n_lfs, n_symbols))
    coverage = patterns.coverage()
    frequency = patterns.counts() / patterns.n_samples
    start_prior = _class_shares(start.rows, strength) if prior is None else prior
    center = precision_start(frequency, np.full(n_symbols, precision), symbol_class, start_prior)
    rate = np.asarray(members @ center)
    foreign = np.bincount(lf, symbol_class == len(start_prior), minlength=n_lfs) > 0
    coins = np.full(n_lfs, one_coin) & ~foreign
    one_sided = (np.bincount(lf, minlength=n_lfs) == 1) & ~coins
    speaks = one_sided if informative_abstain == "one-sided" else bool(informative_abstain)
    speaks = np.broadcast_to(speaks, n_lfs)
    silence_counts = informative_abstain is True
    # Of LFs that all vote for one class, nothing but that they vote could be evidence.
    several = len(np.unique(symbol_class[speaks[lf]])) > 1
    return Model(
        lf=lf,
        symbol_class=symbol_class,
        members=members,
        center=center / rate[lf],
        center_rate=np.clip(rate, 0.0, 1.0),
        strength_rate=(strength / np.maximum(coverage, 1 / patterns.n_samples))[:, None],
        coverage=coverage,
        coins=coins,
        speaks=speaks,
        silence_counts=silence_counts,
        one_voice=speaks & several & (not silence_counts),
        strength=strength,
        precision=precision,
        prior=prior,
        n_samples=patterns.n_samples,
    )


@dataclass(frozen=True)
class Expected:
    """Expected counts under the posterior of the rows.

    Attributes
    ----------
    counts : ndarray of shape (n_symbols, n_classes)
        Rows of each class that hold the symbol.
    rows : ndarray of shape (n_classes,)
        Rows of each class.
    log_likelihood : float
        Mean over rows; NaN for counts that no parameters gave.
    """

    counts: NDArray[np.float64]
    rows: NDArray[np.float64]
    log_likelihood: float


@dataclass(frozen=True)
class Parameters:
    """What EM learns.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    mu : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y).
    silent : ndarray of shape (n_lfs, n_classes) or None
        P(abstain | Y), where abstaining is evidence.
    evidence : ndarray of shape (n_symbols, n_classes)
        Log-likelihood of each vote, all that is said of whether the LF votes aside, where `silent` is None.
    """

    prior: NDArray[np.float64]
    mu: NDArray[np.float64]
    silent: NDArray[np.float64] | None
    evidence: NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """The last parameters, the log-likelihood that each iteration started from, and whether tol was reached."""

    parameters: Parameters
    curve: list[float]
    converged: bool


# Expectation maximisation -------------------------------------------------------------------------


def maximise(
    blocks: list[Block], model: Model, start: Expected, max_iter: int, tol: float | None
) -> Result:
    """Take turns of E-step and M-step, from the start's counts, until `tol` or `max_iter` is reached."""
    parameters = _m_step(start, model)
    curve: list[float] = []
    for _ in range(max_iter):
        expected = _e_step(blocks, parameters, model.lf)
        parameters = _m_step(expected, model)
        curve.append(expected.log_likelihood)
        if len(curve) > 1 and abs(curve[-1] - curve[-2]) <= (tol or 0.0):
            return Result(parameters, curve, converged=True)
    return Result(parameters, curve, converged=False)


def majority_start(
    blocks: list[Block], symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> Expected:
    """Expected counts where each row's classes are as probable as they have votes."""
    return _expect(blocks, ((vote_shares(block, symbol_class, prior), np.nan) for block in blocks))


def vote_shares(
    block: Block, symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each class's share of the votes, the prior without votes, certainty where there is gold."""
    shares = vote_counts(block, symbol_class, len(prior))
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.tile(prior, (len(shares), 1)), where=total > 0)
    return _clamped(shares, block.gold)


def _e_step(blocks: list[Block], parameters: Parameters, lf: NDArray[np.intp]) -> Expected:
    """Expected counts under the posterior P(Y | votes, gold) of every pattern."""
    evidence, base = parameters.evidence, np.log(parameters.prior)
    if parameters.silent is not None:
        silent = np.log(parameters.silent)
        evidence, base = evidence - silent[lf], base + silent.sum(axis=0)
    return _expect(blocks, (_posterior(block, evidence, base) for block in blocks))


def _posterior(
    block: Block, evidence: NDArray[np.float64], base: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """P(Y | votes, gold) of a block's patterns, and the sum of their rows' log-likelihoods."""
    # By columns, of which there are few: sums and maxima along short rows are slow.
    log_joint = np.ascontiguousarray((block.indicators @ evidence).T)
    log_joint += base[:, None]
    labelled = np.flatnonzero(block.gold < len(base))
    certain = log_joint[block.gold[labelled], labelled]
    log_likelihood = log_joint.max(axis=0)
    log_joint -= log_likelihood
    proba = np.exp(log_joint, out=log_joint)
    total = proba.sum(axis=0)
    proba /= total
    log_likelihood += np.log(total)
    log_likelihood[labelled] = certain
    proba = _clamped(np.ascontiguousarray(proba.T), block.gold)
    return proba, float(block.weight @ log_likelihood)


def _clamped(proba: NDArray[np.float64], gold: NDArray[np.intp]) -> NDArray[np.float64]:
    labelled = np.flatnonzero(gold < proba.shape[1])
    proba[labelled] = 0.0
    proba[labelled, gold[labelled]] = 1.0
    return proba


def _expect(
    blocks: list[Block], posteriors: Iterable[tuple[NDArray[np.float64], float]]
) -> Expected:
    """Counts of symbols and rows by class, given each block's posterior."""
    counts, rows, log_likelihood, n_rows = 0.0, 0.0, 0.0, 0.0
    for block, (proba, block_log_likelihood) in zip(blocks, posteriors, strict=True):
        proba *= block.weight[:, None]
        counts = counts + block.indicators.T @ proba
        rows = rows + proba.sum(axis=0)
        log_likelihood += block_log_likelihood
        n_rows += block.weight.sum()
    return Expected(np.asarray(counts), np.asarray(rows), log_likelihood / n_rows)


def _m_step(expected: Expected, model: Model) -> Parameters:
    """The mode of the parameters given the expected counts and the Dirichlet priors."""
    prior = model.prior
    if prior is None:
        prior = _class_shares(expected.rows, model.strength)
    votes = model.members @ expected.counts
    table = _tables(expected.counts, votes, model)
    rate = _rates(expected.rows, votes, model)
    silent = 1 - rate if model.silence_counts else None
    mu = rate[model.lf] * table
    return Parameters(prior, mu, silent, _evidence(mu, model))


def _evidence(mu: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """Log P(symbol | Y); of LFs that are one voice log P(it is this one | Y, one of them votes)."""
    evidence = np.log(mu)
    named = model.one_voice[model.lf]
    evidence[named] -= np.log(np.maximum(mu[named].sum(axis=0), TINY))
    return evidence


def _class_shares(rows: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    shares = np.maximum((rows + strength) / (rows + strength).sum(), TINY)
    return shares / shares.sum()


def _tables(
    counts: NDArray[np.float64], votes: NDArray[np.float64], model: Model
) -> NDArray[np.float64]:
    """P(symbol | Y, the LF votes), shape (n_symbols, n_classes)."""
    table = np.maximum(counts + model.strength * model.center, TINY)
    table /= (model.members @ table)[model.lf]
    if model.coins.any():
        tossed = np.flatnonzero(model.coins[model.lf])
        accuracy = _accuracies(counts, votes, model)[model.lf[tossed]]
        n_wrong = max(1, counts.shape[1] - 1)
        table[tossed] = ((1 - accuracy) / n_wrong)[:, None]
        table[tossed, model.symbol_class[tossed]] = accuracy
        table[tossed] = np.clip(table[tossed], TINY, 1 - TINY)
    return table


def _accuracies(
    counts: NDArray[np.float64], votes: NDArray[np.float64], model: Model
) -> NDArray[np.float64]:
    """P(vote is right) of each LF whatever the class, shape (n_lfs,)."""
    named = np.flatnonzero(model.symbol_class < counts.shape[1])
    right = np.bincount(
        model.lf[named], counts[named, model.symbol_class[named]], minlength=len(votes)
    )
    total = votes.sum(axis=1) + model.strength
    accuracy = np.full(len(votes), model.precision)
    return np.divide(right + model.strength * model.precision, total, out=accuracy, where=total > 0)


def _rates(
    rows: NDArray[np.float64], votes: NDArray[np.float64], model: Model
) -> NDArray[np.float64]:
    """P(the LF votes | Y), shape (n_lfs, n_classes); rows left out are taken to be like the others."""
    rate = np.tile(model.coverage[:, None], (1, len(rows)))
    if not model.speaks.any():
        return rate
    all_rows = np.maximum(rows * model.n_samples / rows.sum(), TINY)
    learned = votes + model.strength_rate * model.center_rate
    learned /= all_rows + model.strength_rate
    rate[model.speaks] = np.clip(learned[model.speaks], TINY, 1 - TINY)
    return rate

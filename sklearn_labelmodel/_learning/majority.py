"""Majority vote: every vote counts for the class that it names, or as gold labels translate it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .._evidence.lookup import LookUp, find_symbols, summed
from .._evidence.model import ClassPrior, Dependence, Rows, VoteModel, places_of
from .._evidence.table import VoteTable, least_probability, one_coin
from .._votes.codes import Votes, class_index
from .completion import accuracies_by_mu
from .observed import Observed

UNKNOWN_PRECISION = 0.7


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
        shares = np.asarray((rows.indicators @ self.counts).T)
        total = shares.sum(axis=0)
        shares = np.where(total > 0, shares, self.prior.of_voteless[:, None])
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(shares / np.where(total > 0, total, 1.0)))

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
    eps = least_probability(observed.n_samples)
    each = np.full(len(counts), precision)
    mu = np.clip(one_coin(meaning, each, observed.frequency, prior.of_all), eps, 1 - eps)
    joint = np.ones(n_lfs, dtype=bool)
    model = EqualVotes(
        classes=observed.classes,
        table=VoteTable(lf, observed.vote, np.log(mu), joint),
        prior=prior,
        dependence=Dependence(np.ones(len(counts))),
        tempering=0.0,
        offsets=np.zeros(k),
        mu=mu,
        mu_eps=eps,
        coverage=observed.coverage,
        accuracies=np.full(n_lfs, precision),
        counts=counts,
        translated=translated,
        precision=precision,
    )
    return replace(model, accuracies=accuracies_by_mu(observed, model))


def _vote_counts(observed: Observed, translated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each symbol counts for each class: as much as it means it, or as the gold labels share it out."""
    counts = np.where(observed.tells[:, None], observed.meaning, 0.0)
    if translated.any():
        gold = observed.gold.by_symbol[translated]
        total = gold.sum(axis=1, keepdims=True)
        counts[translated] = np.divide(gold, total, out=np.zeros_like(gold), where=total > 0)
    return counts


def equal_posterior(model: EqualVotes, votes: Votes) -> NDArray[np.float64]:
    """Each class's share of the row's votes; the class prior for a row without any."""
    proba = np.tile(model.prior.of_voteless, (votes.n_samples, 1))
    for rows, counts in summed(votes, _look_up(model, votes)):
        total = counts.sum(axis=1, keepdims=True)
        np.divide(counts, total, out=proba[rows], where=total > 0)
    return proba


def equal_terms(model: EqualVotes, votes: Votes) -> NDArray[np.float64]:
    """What each vote, and last the class prior, adds to the probability, shape (n_samples, n_lfs + 1, n_classes)."""
    looks = _look_up(model, votes)
    shares = np.zeros((votes.n_samples, votes.n_lfs + 1, len(model.classes)))
    lfs = np.arange(votes.n_lfs)[:, None]
    for rows, codes in votes.blocks(len(model.classes)):
        counts = looks.table[looks.rows[lfs, codes].T]
        total = counts.sum(axis=(1, 2), keepdims=True)
        np.divide(counts, total, out=shares[rows, :-1], where=total > 0)
        shares[rows, -1] = np.where(total[:, 0] > 0, 0.0, model.prior.of_voteless)
    return shares


def _look_up(model: EqualVotes, votes: Votes) -> LookUp:
    """What each vote code counts for each class: the class it names, or its symbol's counts."""
    n_classes, n_symbols = len(model.classes), len(model.counts)
    nothing = np.zeros((1, n_classes))
    table = np.vstack([model.counts, nothing, np.eye(n_classes)])
    rows = find_symbols(votes, model.table.lf, model.table.vote)
    named = class_index(votes.values, model.classes)
    literal = np.flatnonzero((named < n_classes) & (np.arange(len(named)) != votes.abstain_code))
    rows[np.ix_(~model.translated, literal)] = n_symbols + 1 + named[literal]
    return LookUp(rows, table, nothing)


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

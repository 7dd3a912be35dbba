"""How the facts of a fit are measured, each once: from what the fit kept, and from rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtri
from sklearn.base import clone

from ..._evidence.lookup import generative, log_likelihood
from ..._evidence.model import ClassPrior, VoteModel, groups_of, places_of
from ..._learning.baselines import EqualVotes, count_equally
from ..._learning.em import beyond_chance, find_copies
from ..._learning.observed import KeptCounts, observe, with_classes
from ..._votes.codes import Votes, class_index, no_gold
from ..._votes.gold import GoldCounts
from ..._votes.pairs import PairCounts, dense, sum_by_lf, symbols_by_vote
from ..._votes.patterns import Patterns, read_patterns, votes_by_lf
from .._fitted import FittedModel
from .agreement import agreement_with_labels, consensus, consensus_of_pairs, leaning_class
from .facts import Facts
from .likelihood import (
    accuracy_intervals,
    affordable,
    fit_likelihood,
    of_symbols,
    pattern_posterior,
    table_of,
    tables_of,
)
from .parts import Copy, FitNumbers, HeldOut

# Votes of one LF that are counted by value.
MOST_VALUES = 50
MOST_ROWS, LEAST_ROWS = 20_000, 20
MOST_PARAMETERS = 1_000_000
LEAST_LOG_POWER, MOST_LOG_POWER, LOG_POWER_ERROR = -2.5, 2.5, 0.05
ALIKE, VERY_ALIKE, ALIKE_ROWS = 0.9, 0.97, 100
UNEXPLAINED = 0.3
# Probability, in all pairs together, that LFs which err independently agree so often.
ACCIDENT = 0.2


# Of the fit ---------------------------------------------------------------------------------------


def measure_fit(model: FittedModel) -> Facts:
    """What a fitted label model tells without its votes."""
    learned, kept = model.vote_model_, model._kept
    known, table = _known(model), learned.table
    if kept.cooccurrence is None:
        return known
    leans = leaning_class(learned, kept, table.lf, table.vote)
    named = np.flatnonzero(leans < len(learned.classes))
    pairs, n_lfs = kept.cooccurrence[np.ix_(named, named)], len(kept.coverage)
    of_pairs = consensus_of_pairs(table.lf[named], leans[named], pairs, n_lfs)
    return replace(known, consensus=of_pairs)


def _known(model: FittedModel) -> Facts:
    """All that this tells but how LFs agree with each other."""
    learned, kept, n_lfs = model.vote_model_, model._kept, model.n_features_in_
    names, labelled = np.empty(n_lfs, dtype=object), None
    names[:] = getattr(model, "feature_names_in_", range(n_lfs))
    if kept.gold is not None:
        lf, vote = learned.table.lf, learned.table.vote
        labelled = agreement_with_labels(
            lf, leaning_class(learned, kept, lf, vote), kept.gold, n_lfs
        )
    return Facts(
        model=numbers_of_fit(type(model).__name__, learned, kept),
        capabilities=model._capabilities,
        name=names,
        learned=learned,
        kept=kept,
        kinds=np.bincount(learned.table.lf, minlength=n_lfs),
        coverage=kept.coverage,
        labelled=labelled,
    )


def numbers_of_fit(kind: str, learned: VoteModel, kept: KeptCounts) -> FitNumbers:
    """Numbers on the model, as far as it tells them without its votes."""
    history, labels, n_rows = learned.history, kept.gold, round(kept.n_samples)
    return FitNumbers(
        kind=kind,
        classes=learned.classes,
        class_prior=learned.prior.of_all,
        prior_source=learned.prior.source,
        n_rows=n_rows,
        n_samples=n_rows,
        n_labels=0 if labels is None else int(labels.rows.sum()),
        converged=None if history is None else history.converged,
        diverged=history is not None and history.diverged,
    )


# Of rows ------------------------------------------------------------------------------------------


def measure(model: FittedModel, votes: Votes, n_rows: int) -> Facts:
    """What a fitted label model and votes tell.

    Parameters
    ----------
    model : fitted label model
    votes : Votes
    n_rows : int
        Rows there are, of which these may be a part.
    """
    known, learned, gold = _known(model), model.vote_model_, model._kept.gold
    patterns = read_patterns(votes, no_gold(votes.n_samples))
    lf, vote, k = patterns.lf, patterns.vote, len(learned.classes)
    share = patterns.counts() / patterns.n_samples
    leans = leaning_class(learned, model._kept, lf, vote)
    counts = np.asarray(patterns.indicators @ np.eye(k + 1)[leans, :k])
    copies, fit = _judge(patterns, learned, gold)
    numbers = replace(
        known.model,
        n_rows=n_rows,
        n_samples=votes.n_samples,
        held_out=held_out_scores(model, votes) if gold is None else None,
        copies=copies,
        **_of_labels(patterns, counts, pattern_posterior(patterns, learned.on(lf, vote))),
    )
    return replace(
        known,
        model=numbers,
        coverage=np.bincount(lf, share, minlength=votes.n_lfs).astype(np.float64),
        consensus=consensus(patterns, leans, counts),
        intervals=accuracy_intervals(*fit),
        reason=fit[0],
        counted=counted_votes(model, patterns),
    )


def _judge(
    patterns: Patterns, learned: VoteModel, gold: GoldCounts | None
) -> tuple[tuple[Copy, ...], tuple[list[str], Patterns, VoteModel]]:
    """Copies among the LFs, and what `fit_likelihood` makes of the others."""
    prior = ClassPrior.given(learned.prior.of_all) if learned.prior.source == "given" else None
    if gold is not None:
        # The labels, counted by the patterns' symbols in place of the model's.
        by_symbol = np.vstack([gold.by_symbol, np.zeros((1, len(gold.rows)))])
        place = places_of(patterns.lf, patterns.vote, learned.table)
        gold = replace(gold, by_symbol=by_symbol[place])
    fit = fit_likelihood(patterns, learned.classes, prior, labels=gold)
    copies = copied_pairs(patterns, learned, fit)
    if copies:
        repeated = tuple({copy.second for copy in copies})
        fit = fit_likelihood(patterns, learned.classes, prior, repeated, gold)
    return copies, fit


def _of_labels(
    patterns: Patterns, counts: NDArray[np.float64], proba: NDArray[np.float64]
) -> dict[str, Any]:
    """Share of rows without votes; of those with votes class shares as predicted and labelled, and by majority vote.

    That draws lots: where two classes tie, the label agrees by half, and nothing outvotes it.

    Parameters
    ----------
    patterns : Patterns
    counts, proba : ndarray of shape (n_patterns, n_classes)
        Votes for each class, and its probability.
    """
    label, weight = np.argmax(proba, axis=1), patterns.weight * (patterns.n_votes > 0)
    known: dict[str, Any] = {
        "silent": 1 - float(weight.sum() / patterns.weight.sum()),
        "shares": weight @ proba / weight.sum(),
        "labels": np.bincount(label, weight, minlength=proba.shape[1]) / weight.sum(),
    }
    voted = counts.any(axis=1)
    if voted.any():
        counts, weight = counts[voted], patterns.weight[voted]
        leading = counts == counts.max(axis=1, keepdims=True)
        leads = leading[np.arange(len(counts)), label[voted]]
        known["agreement"] = float(np.average(leads / leading.sum(axis=1), weights=weight))
        known["outvoted"] = float(np.average(~leads, weights=weight))
    return known


def counted_votes(model: FittedModel, patterns: Patterns) -> tuple[tuple[int, Any, float], ...]:
    """Column, vote as users are shown it, and rows, of the most frequent votes of each LF."""
    counts, scored = patterns.counts(), model._scores
    order = np.lexsort((-counts, patterns.lf))
    place = np.arange(len(order)) - np.searchsorted(patterns.lf, patterns.lf[order])
    votes = patterns.vote.tolist()
    kept = np.sort(order[place < MOST_VALUES]).tolist()
    return tuple(
        (
            int(patterns.lf[u]),
            votes[u] if scored is None else scored.words(int(patterns.lf[u]), votes[u]),
            float(counts[u]),
        )
        for u in kept
    )


# LFs that repeat another one's votes --------------------------------------------------------------


def copied_pairs(
    patterns: Patterns, model: VoteModel, fit: tuple[list[str], Patterns, VoteModel]
) -> tuple[Copy, ...]:
    """Pairs of LFs that agree nearly always, and more than their tables explain, the most alike first.

    They are looked for as `fit` looks for them (`find_copies`), and among those that it has found or was told.
    One step comes on top, since this is said aloud and `fit` only weighs votes by it: the tables of a model that
    stopped early explain too little of what good LFs agree in, and the classes of the rows in which two LFs meet may
    be others than those of all rows. So where the votes tell both LFs' accuracies, the tables of maximum likelihood
    must fail to explain it too, row by row, unless the two agree in 97% of a hundred rows or more.

    Parameters
    ----------
    patterns : Patterns
        Some of them stand for all where they are many.
    model : VoteModel
    fit : what `fit_likelihood` returns
    """
    n_lfs, part = patterns.n_lfs, affordable(patterns)[1]
    held = np.flatnonzero(part.counts() > 0)
    part = part if len(held) == len(part.lf) else of_symbols(part, held)
    statistics, prior = counted_pairs(part), model.prior
    table = tables_of(part, model)
    found = find_copies(statistics, table, prior.of_voted, prior.of_mu, model.accuracies)
    allowed = groups_of(model.dependence.pairs, n_lfs)
    # Each pair once, the lower column first.
    pairs = np.concatenate([found.pairs, np.argwhere(sp.triu(allowed))]).astype(np.intp)
    pairs = np.sort(pairs, axis=1)
    pairs = np.column_stack(np.divmod(np.unique(pairs[:, 0] * n_lfs + pairs[:, 1]), n_lfs))
    rows, agreement = _alike(statistics, pairs)
    kept = are_copies(agreement, rows, _explained(*fit)[pairs[:, 0], pairs[:, 1]])
    copies = [
        Copy(int(i), int(j), float(n), float(share), bool(allowed[i, j]))
        for (i, j), n, share in zip(pairs[kept], rows[kept], agreement[kept], strict=True)
    ]
    return tuple(sorted(copies, key=lambda copy: (-copy.agreement, -copy.rows)))


def are_copies(
    agreement: NDArray[np.float64], rows: NDArray[np.float64], explained: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether LFs that share so many rows agree so often, and for no other reason, that one repeats the other."""
    very_alike = (agreement >= VERY_ALIKE) & (rows >= ALIKE_ROWS)
    return (agreement >= ALIKE) & (~explained | very_alike)


def counted_pairs(patterns: Patterns) -> PairCounts:
    """The patterns' symbols, counted alone and together."""
    says = patterns.indicators
    together = sp.csr_array(says.T @ (says * patterns.weight[:, None]))
    nothing = np.zeros((len(patterns.lf), 0))
    return PairCounts(
        n_samples=patterns.n_samples,
        n_lfs=patterns.n_lfs,
        lf=patterns.lf,
        vote=patterns.vote,
        cooccurrence=together,
        gold_counts=nothing,
        gold_rows=np.zeros(0),
    )


def _alike(
    statistics: PairCounts, pairs: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows that pairs of LFs share, and how often they agree in them, each of shape (n_pairs,)."""
    lfs, place = np.unique(pairs, return_inverse=True)
    first, second = place.reshape(-1, 2).T
    symbols = np.flatnonzero(np.isin(statistics.lf, lfs))
    own, together = np.searchsorted(lfs, statistics.lf[symbols]), statistics.cooccurrence
    together = together[symbols][:, symbols]
    agreed = np.zeros((len(lfs), len(lfs)))
    for same in symbols_by_vote(statistics.vote[symbols]) if len(symbols) else []:
        agreed[np.ix_(own[same], own[same])] += dense(together[same][:, same])
    common = sum_by_lf(together, own, len(lfs))
    votes, one_sided = common.diagonal(), np.bincount(own, minlength=len(lfs)) == 1
    rarer = np.minimum(votes[first], votes[second])
    rows = np.where(one_sided[first] & one_sided[second], rarer, common[first, second])
    return rows, agreed[first, second] / np.maximum(rows, 1.0)


def _explained(reason: list[str], part: Patterns, model: VoteModel) -> NDArray[np.bool_]:
    """Whether the tables of maximum likelihood explain what two LFs agree in, shape (n_lfs, n_lfs).

    By the measure of `find_copies`; the classes of the rows in which two LFs meet are read from the rows' posterior.

    Parameters
    ----------
    reason, part, model
        As `fit_likelihood` returns them.
    """
    known = np.array([not text for text in reason])
    both = known & known[:, None]
    if not known.any():
        return both
    proba, (index, part) = pattern_posterior(part, model), affordable(part)
    n_lfs, weight, spoken = part.n_lfs, part.weight, votes_by_lf(part)
    values, code = np.unique(part.vote, return_inverse=True)
    agreed, expected, common = np.zeros((3, n_lfs, n_lfs))
    for of_class, column in zip(proba[index].T, table_of(model).T, strict=True):
        says = np.zeros((n_lfs, len(values)))
        says[part.lf, code] = column
        in_class = (spoken.T @ (spoken * (weight * of_class)[:, None])).toarray()
        expected += in_class * (says @ says.T)
        common += in_class
    together = counted_pairs(part).cooccurrence
    for same in symbols_by_vote(part.vote):
        lf = part.lf[same]
        agreed[np.ix_(lf, lf)] += dense(together[same][:, same])
    ratio, z = beyond_chance(agreed, expected, common)
    return both & is_explained(ratio, z, int(known.sum()))


def is_explained(
    ratio: NDArray[np.float64], z: NDArray[np.float64], n_lfs: int
) -> NDArray[np.bool_]:
    """Whether so small a share of disagreements is missing, or so many pairs of LFs were looked at, that it is nothing.

    Parameters
    ----------
    ratio, z : ndarray
        Share of the expected disagreements that is missing, and that in standard errors.
    n_lfs : int
    """
    seldom = -ndtri(ACCIDENT / max(1, n_lfs * (n_lfs - 1) / 2))
    return (ratio < UNEXPLAINED) | (z < seldom)


# How well unseen votes are foreseen ---------------------------------------------------------------


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
    classes, prior = model.vote_model_.classes, ClassPrior.given(model.vote_model_.prior.of_all)
    own: FittedModel = clone(model)
    # The prior is known: none is to be estimated.
    own.set_params(classes=classes, class_balance=None)
    if "verbose" in own.get_params():
        own.set_params(verbose=0)
    try:
        observed = with_classes(
            observe(votes, no_gold(votes.n_samples), by_pairs=own._by_pairs), classes
        )
        learned = own._learn(observed, own._assume(observed, prior))
    except (ValueError, FloatingPointError):
        return None, None
    return learned, count_equally(observed, prior)


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

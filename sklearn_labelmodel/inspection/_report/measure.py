"""Taking the measure of a fitted label model, with the votes or without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._evidence.model import groups_of, places_of
from ..._learning.observed import KeptCounts
from ..._utils import warn_user
from ..._votes.classes import class_index
from ..._votes.codes import Votes, no_gold
from ..._votes.gold import GoldCounts
from ..._votes.patterns import Block, Patterns, read_patterns, vote_counts
from .._summary import learned_accuracy
from .agreement import Consensus, agreement_with_labels, consensus, consensus_of_pairs
from .checks import inverted
from .facts import LFFacts, ModelFacts
from .held_out import held_out_scores
from .intervals import accuracy_intervals
from .likelihood import LikelihoodFit, fit_likelihood, pattern_posterior
from .repeats import Copy, copied_pairs, tables_of

MOST_CELLS = 20_000_000


def measure_fit(model: Any) -> tuple[LFFacts, ModelFacts]:
    """What a fitted label model tells without its votes."""
    kept = getattr(model, "_kept", None)
    n_samples = None if kept is None else kept.n_samples
    overlaps = np.ones(model.n_features_in_, dtype=bool) if kept is None else kept.overlaps
    rows = np.nan if n_samples is None else n_samples
    lfs = _lf_facts(model, rows, model.coverage_, overlaps, consensus=_kept_consensus(model, kept))
    return lfs, _model_facts(model, n_samples)


def _lf_facts(
    model: Any,
    n_samples: float,
    coverage: NDArray[np.float64],
    overlaps: NDArray[np.bool_],
    **more: Any,
) -> LFFacts:
    """The numbers on LFs that are of the fit, beside those of the rows that were read."""
    kept, in_fit = getattr(model, "_kept", None), model.coverage_
    return LFFacts(
        name=_names(model),
        n_samples=n_samples,
        votes=np.rint(coverage * n_samples),
        coverage=coverage,
        fit_votes=np.rint(in_fit * (np.nan if kept is None else kept.n_samples)),
        fit_coverage=in_fit,
        kinds=np.bincount(model.symbols_["lf"], minlength=model.n_features_in_),
        alone=(in_fit > 0) & ~(overlaps if kept is None else kept.overlaps),
        learned=learned_accuracy(model),
        labelled=_agreement_with_labels(model),
        **more,
    )


def _kept_consensus(model: Any, kept: KeptCounts | None) -> Consensus | None:
    if kept is None or kept.cooccurrence is None:
        return None
    symbol_class = class_index(model.symbols_["vote"], model.classes_)
    named = np.flatnonzero(symbol_class < len(model.classes_))
    pairs = kept.cooccurrence[np.ix_(named, named)]
    lf = model.symbols_["lf"][named]
    return consensus_of_pairs(lf, symbol_class[named], pairs, model.n_features_in_)


def _agreement_with_labels(model: Any) -> Consensus | None:
    labels = _labels_of_fit(model)
    if labels is None:
        return None
    symbol_class = class_index(model.symbols_["vote"], model.classes_)
    return agreement_with_labels(model.symbols_["lf"], symbol_class, labels, model.n_features_in_)


def _labels_of_fit(model: Any) -> GoldCounts | None:
    """The gold labels that accuracies were learned from, by the model's symbols."""
    kept = getattr(model, "_kept", None)
    return None if kept is None else kept.gold


def measure(model: Any, L: Any) -> tuple[LFFacts, ModelFacts]:
    """What a fitted label model and the votes L tell."""
    votes = _some_rows(model, L)
    patterns = read_patterns(votes, no_gold(votes.n_samples))
    symbol_class = class_index(patterns.vote, model.classes_)
    block = Block(patterns.indicators, patterns.weight, np.empty(0, dtype=np.intp))
    counts = vote_counts(block, symbol_class, len(model.classes_))
    proba = pattern_posterior(patterns, model.vote_model_.on(patterns.lf, patterns.vote))
    copies, fit = _judge(model, patterns, proba)
    lfs = _lf_facts(
        model,
        votes.n_samples,
        patterns.coverage(),
        patterns.overlaps(),
        intervals=accuracy_intervals(fit),
        consensus=consensus(patterns, symbol_class, counts),
    )
    facts = _model_facts(
        model,
        votes.n_samples,
        **_labels(patterns, proba),
        agreement=agreement_with_majority(counts, patterns.weight, proba),
        held_out=None if _labels_of_fit(model) else held_out_scores(model, votes),
        copies=copies,
        dependencies=_allowed_for(model, copies),
    )
    return lfs, facts


def _judge(
    model: Any, patterns: Patterns, proba: NDArray[np.float64]
) -> tuple[tuple[Copy, ...], LikelihoodFit]:
    """Copies among the LFs, and the likelihood's fit without them."""
    given: dict[str, Any] = {"prior": _given_prior(model), "labels": _labels_of(patterns, model)}
    fit = fit_likelihood(patterns, model.classes_, **given)
    table = tables_of(patterns, model.vote_model_)
    copies = copied_pairs(patterns, proba, table, model.class_prior_, fit)
    if copies:
        repeated = tuple({copy.second for copy in copies})
        fit = fit_likelihood(patterns, model.classes_, copies=repeated, **given)
    return copies, fit


def _labels_of(patterns: Patterns, model: Any) -> GoldCounts | None:
    """The same by the patterns' symbols."""
    labels = _labels_of_fit(model)
    if labels is None:
        return None
    unknown = np.zeros((1, len(labels.rows)))
    place = places_of(patterns.lf, patterns.vote, model.vote_model_.table)
    return replace(labels, by_symbol=np.vstack([labels.by_symbol, unknown])[place])


def _labels(patterns: Patterns, proba: NDArray[np.float64]) -> dict[str, Any]:
    """What rows with votes are labelled, and how many there are."""
    weight = patterns.weight * (np.diff(patterns.indicators.indptr) > 0)
    predicted = np.bincount(np.argmax(proba, axis=1), weight, minlength=proba.shape[1])
    return {
        "silent": 1 - float(weight.sum() / patterns.weight.sum()),
        "shares": weight @ proba / weight.sum(),
        "labels": predicted / weight.sum(),
    }


def _model_facts(model: Any, n_samples: int | None, **more: Any) -> ModelFacts:
    labels = _labels_of_fit(model)
    return ModelFacts(
        kind=type(model).__name__,
        n_samples=n_samples,
        classes=model.classes_,
        class_prior=model.class_prior_,
        prior_from=model.vote_model_.prior.source,
        converged=getattr(model, "converged_", None),
        diverged=_diverged(model),
        n_labels=0 if labels is None else int(labels.rows.sum()),
        **more,
    )


def _allowed_for(model: Any, copies: tuple[Copy, ...]) -> frozenset[tuple[int, int]]:
    """Columns of the copies that the fit's dependencies connect, directly or through others."""
    groups = groups_of(model.vote_model_.dependence.pairs, model.n_features_in_)
    pairs = ((copy.first, copy.second) for copy in copies)
    return frozenset(pair for pair in pairs if groups[pair])


def _names(model: Any) -> NDArray[Any]:
    names = np.empty(model.n_features_in_, dtype=object)
    names[:] = getattr(model, "feature_names_in_", range(model.n_features_in_))
    return names


def _diverged(model: Any) -> bool:
    history = model.vote_model_.history
    return history is not None and history.diverged


def _given_prior(model: Any) -> NDArray[np.float64] | None:
    """The class prior where the user gave it."""
    return model.class_prior_ if model.vote_model_.prior.source == "given" else None


def _some_rows(model: Any, L: Any) -> Votes:
    """The votes of L, or evenly spaced rows of it where there are more than the report reads."""
    votes = model._read_votes(L)
    most = max(1, MOST_CELLS // max(votes.n_lfs, len(model.classes_)))
    if votes.n_samples <= most:
        return votes
    return votes.take(np.linspace(0, votes.n_samples - 1, most).astype(np.intp))


def agreement_with_majority(
    counts: NDArray[np.float64], weight: NDArray[np.float64], proba: NDArray[np.float64]
) -> float | None:
    """Share of the rows with votes whose most probable class has the most votes, a tie being agreement.

    Parameters
    ----------
    counts, proba : ndarray of shape (n_patterns, n_classes)
        Votes for each class, and its probability.
    weight : ndarray of shape (n_patterns,)
    """
    voted = counts.any(axis=1)
    if not voted.any():
        return None
    predicted = np.argmax(proba[voted], axis=1)
    best = counts[voted][np.arange(len(predicted)), predicted] == counts[voted].max(axis=1)
    return float(np.average(best, weights=weight[voted]))


def warn_of_inverted(model: Any) -> None:
    """Warn of LFs that vote against the others, as far as `fit` can tell."""
    found = [str(finding) for finding in inverted(measure_fit(model)[0])]
    if found:
        more = f" Likewise {len(found) - 1} more: see report_." if len(found) > 1 else ""
        warn_user(found[0] + more)

"""All numbers that a fit report is made of, measured on a fitted label model and on votes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._evidence.model import VoteModel, places_of
from ..._learning.observed import Observed, observed_rows
from ..._utils import warn_user
from ..._votes.codes import Votes, no_gold
from ..._votes.containers import check_row_order
from ..._votes.gold import GoldCounts, read_gold
from ..._votes.patterns import Patterns, read_patterns
from .._scores import leaning_class
from .agreement import agreement_with_labels, consensus, consensus_of_pairs
from .checks import inverted
from .facts import Consensus, Facts
from .held_out import FittedModel, held_out_scores
from .intervals import accuracy_intervals
from .likelihood import LikelihoodFit, fit_likelihood, pattern_posterior
from .looks import counted_votes, look_at_rows, row_names
from .parts import Copy
from .repeats import copied_pairs
from .settings import settings_of

MOST_CELLS, MOST_VOTES = 10_000_000, 5_000_000


def measure_fit(model: FittedModel) -> Facts:
    """What a fitted label model tells without its votes."""
    kept, learned = model._kept, model.vote_model_
    return Facts(
        kind=type(model).__name__,
        capabilities=model._capabilities,
        name=_names(model),
        learned=learned,
        kept=kept,
        n_samples=round(kept.n_samples),
        coverage=kept.coverage,
        consensus=_kept_consensus(model),
        labelled=_agreement_with_labels(model),
        settings=settings_of(model),
    )


def measure_reference(model: FittedModel, L: Any) -> Facts:
    """As `measure`, of older votes; what is wrong with them is said of the reference."""
    try:
        return measure(model, L)
    except (ValueError, TypeError) as error:
        raise type(error)(f"reference: {error}") from error


def measure(model: FittedModel, L: Any, y: Any = None) -> Facts:
    """What a fitted label model, the votes L, and gold labels tell."""
    check_row_order(L=L, y=y)
    (row, votes, n_rows), known = _some_rows(model, L), measure_fit(model)
    learned, labels = known.learned, known.kept.gold
    patterns = read_patterns(votes, no_gold(votes.n_samples))
    seen = observed_rows(patterns, learned.classes)
    symbol_class, k = leaning_class(model, patterns.lf, patterns.vote), len(learned.classes)
    counts = np.asarray(patterns.indicators @ np.eye(k + 1)[symbol_class, :k])
    proba = pattern_posterior(patterns, learned.on(patterns.lf, patterns.vote))
    copies, fit = _judge(learned, labels, seen)
    silent, shares, predicted = _labels(patterns, proba)
    agreement, outvoted = agreement_with_majority(counts, patterns.weight, proba)
    measured = replace(
        known,
        n_samples=votes.n_samples,
        coverage=seen.coverage,
        consensus=consensus(patterns, symbol_class, counts),
        intervals=accuracy_intervals(fit),
        silent=silent,
        shares=shares,
        labels=predicted,
        agreement=agreement,
        outvoted=outvoted,
        held_out=None if labels is not None else held_out_scores(model, votes),
        copies=copies,
    )
    gold = read_gold(y, n_rows, classes=learned.classes)
    looks = look_at_rows(model, measured, votes, row, gold, counted_votes(model, patterns), n_rows)
    return replace(measured, looks=looks)


def _names(model: FittedModel) -> NDArray[np.object_]:
    names = np.empty(model.n_features_in_, dtype=object)
    names[:] = getattr(model, "feature_names_in_", range(model.n_features_in_))
    return names


def _kept_consensus(model: FittedModel) -> Consensus | None:
    learned, kept = model.vote_model_, model._kept
    if kept.cooccurrence is None:
        return None
    symbol_class = leaning_class(model, learned.table.lf, learned.table.vote)
    named = np.flatnonzero(symbol_class < len(learned.classes))
    pairs, lf = kept.cooccurrence[np.ix_(named, named)], learned.table.lf[named]
    return consensus_of_pairs(lf, symbol_class[named], pairs, len(kept.coverage))


def _agreement_with_labels(model: FittedModel) -> Consensus | None:
    table, labels = model.vote_model_.table, model._kept.gold
    if labels is None:
        return None
    symbol_class = leaning_class(model, table.lf, table.vote)
    return agreement_with_labels(table.lf, symbol_class, labels, len(table.joint))


def _some_rows(model: FittedModel, L: Any) -> tuple[NDArray[np.object_], Votes, int]:
    """The rows that are read, evenly spaced where they are many: names and votes; and how many rows there are."""
    votes, k = model._read_votes(L), len(model.vote_model_.classes)
    a_row = max(1.0, float(model._kept.coverage.sum()))
    most = max(1, min(MOST_CELLS // max(votes.n_lfs, k), int(MOST_VOTES / a_row)))
    n_rows = votes.n_samples
    places = np.arange(n_rows)
    if n_rows > most:
        places = np.linspace(0, n_rows - 1, most).astype(np.intp)
        votes = votes.take(places)
    return row_names(L, places), votes, n_rows


def _judge(
    learned: VoteModel, labels: GoldCounts | None, seen: Observed
) -> tuple[tuple[Copy, ...], LikelihoodFit]:
    """Copies among the LFs, and the likelihood's fit without them."""
    patterns, classes = seen.patterns, learned.classes
    prior = learned.prior.of_all if learned.prior.source == "given" else None
    known = None if labels is None else _by_symbols_of(patterns, labels, learned)
    fit = fit_likelihood(patterns, classes, prior, labels=known)
    copies = copied_pairs(patterns, learned, fit)
    if copies:
        repeated = tuple({copy.second for copy in copies})
        fit = fit_likelihood(patterns, classes, prior, repeated, known)
    return copies, fit


def _by_symbols_of(patterns: Patterns, labels: GoldCounts, learned: VoteModel) -> GoldCounts:
    """The labels counted by the patterns' symbols in place of the model's."""
    unknown = np.zeros((1, len(labels.rows)))
    place = places_of(patterns.lf, patterns.vote, learned.table)
    return replace(labels, by_symbol=np.vstack([labels.by_symbol, unknown])[place])


def _labels(
    patterns: Patterns, proba: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Share of rows without votes; of those with votes predicted class shares, and shares of labels."""
    weight = patterns.weight * (np.diff(patterns.indicators.indptr) > 0)
    predicted = np.bincount(np.argmax(proba, axis=1), weight, minlength=proba.shape[1])
    silent = 1 - float(weight.sum() / patterns.weight.sum())
    return silent, weight @ proba / weight.sum(), predicted / weight.sum()


def agreement_with_majority(
    counts: NDArray[np.float64], weight: NDArray[np.float64], proba: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """How often labels of rows with votes are those of majority vote that draws lots, and how often they are outvoted.

    So of two classes that tie, the label agrees by half; nothing outvotes it.

    Parameters
    ----------
    counts, proba : ndarray of shape (n_patterns, n_classes)
        Votes for each class, and its probability.
    weight : ndarray of shape (n_patterns,)
    """
    voted = counts.any(axis=1)
    if not voted.any():
        return None, None
    counts, predicted = counts[voted], np.argmax(proba[voted], axis=1)
    leading = counts == counts.max(axis=1, keepdims=True)
    leads = leading[np.arange(len(predicted)), predicted]
    agreement = np.average(leads / leading.sum(axis=1), weights=weight[voted])
    return float(agreement), float(np.average(~leads, weights=weight[voted]))


def warn_of_inverted(model: FittedModel) -> None:
    """Warn of LFs that vote against the others, as far as `fit` can tell."""
    found = [str(finding) for finding in inverted(measure_fit(model))]
    if found:
        more = f" Likewise {len(found) - 1} more: see report_." if len(found) > 1 else ""
        warn_user(found[0] + more)

"""All numbers that a fit report is made of, measured on a fitted label model and on votes."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._evidence.lookup import find_symbols
from ..._evidence.model import VoteModel, places_of
from ..._learning.observed import Observed, observed_rows
from ..._utils import quoted, warn_user
from ..._votes.codes import GoldLabels, Votes, no_gold
from ..._votes.containers import as_objects, check_row_order
from ..._votes.gold import GoldCounts, read_gold
from ..._votes.patterns import Patterns, read_patterns
from .._intervals import Scale, alpha_of_rows, resampler
from .._scores import classes_meant, leaning_class
from .agreement import agreement_with_labels, consensus, consensus_of_pairs, pairs_of
from .checks import all_findings, inverted
from .facts import Consensus, Facts, Looks
from .held_out import FittedModel, held_out_scores
from .likelihood import LikelihoodFit, accuracy_intervals, fit_likelihood, pattern_posterior
from .parts import Alpha, Copy
from .repeats import copied_pairs
from .rows import (
    Cells,
    contested_rows,
    gold_check,
    labelled,
    labels_without,
    outvoted_rows,
    rows_against_label,
    rows_that_differ,
    silent_rows,
    votes_right,
)

MOST_CELLS, MOST_VOTES = 10_000_000, 5_000_000
N_BOOTSTRAP = 200
# Cells that are looked at one by one.
SHOWN_CELLS = 2_000_000
# Votes of one LF that are counted by value, and labelled rows times LFs that are looked at.
MOST_VALUES, GOLD_CELLS = 50, 10_000_000
PACKAGES = ("sklearn-labelmodel", "scikit-learn", "numpy", "scipy", "pandas", "torch")


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


# Single rows --------------------------------------------------------------------------------------


def look_at_rows(
    model: Any,
    facts: Facts,
    votes: Votes,
    row: NDArray[np.object_],
    gold: GoldLabels,
    counted: tuple[tuple[int, Any, float], ...],
    n_rows: int,
) -> Looks:
    """Look at some of the rows.

    Parameters
    ----------
    model : fitted label model
    facts : Facts
        All that sums over rows tell.
    votes : Votes
    row : ndarray of shape (n_samples,)
        What users call each row.
    gold : GoldLabels
        Of all `n_rows` rows.
    counted : tuple of (lf, vote, rows)
    n_rows : int
        Rows there are, of which these may be a part.
    """
    _, cells = cells_of(model, votes, row)
    looks = Looks(
        n_rows=n_rows,
        alpha=alpha_of(cells),
        votes=counted,
        pairs=pairs_of(cells, facts.name.tolist(), facts.kinds),
        contested=contested_rows(model, cells),
        rows_of_lf=rows_against_label(cells),
        rows_of_copy={
            (copy.first, copy.second): rows_that_differ(cells, copy.first, copy.second)
            for copy in facts.copies
        },
        outvoted_rows=outvoted_rows(cells),
        silent_rows=silent_rows(cells),
        without=labels_without(model, cells, _worth_asking(facts)),
    )
    if not gold.n_labelled:
        return looks
    places = np.linspace(0, n_rows - 1, votes.n_samples).astype(np.intp)
    return with_gold(looks, model, votes, row, replace(gold, codes=gold.codes[places]))


def with_gold(
    looks: Looks, model: Any, votes: Votes, row: NDArray[np.object_], gold: GoldLabels
) -> Looks:
    """With labels and votes held against the gold labels of these rows."""
    rows, truth = labelled(gold, model.classes_)
    if not len(rows):
        return looks
    places, cells = cells_of(model, votes.take(rows), row[rows], GOLD_CELLS)
    right, wrong = votes_right(cells, truth[places])
    return replace(looks, gold=gold_check(cells, truth[places]), right=right, wrong=wrong)


def cells_of(
    model: Any, votes: Votes, row: NDArray[np.object_], most: int = SHOWN_CELLS
) -> tuple[NDArray[np.intp], Cells]:
    """Evenly spaced rows with at most so many cells: their places, and what they hold.

    Parameters
    ----------
    model : fitted label model
    votes : Votes
    row : ndarray of shape (n_samples,)
        What users call each row.
    most : int
    """
    learned, table = model.vote_model_, model.vote_model_.table
    most_rows = max(1, most // max(votes.n_lfs, len(learned.classes)))
    at = np.arange(votes.n_samples)
    if votes.n_samples > most_rows:
        at = np.linspace(0, votes.n_samples - 1, most_rows).astype(np.intp)
        votes = votes.take(at)
    symbol = find_symbols(votes, table.lf, table.vote)
    held = symbol[np.arange(votes.n_lfs)[:, None], votes.block(0, votes.n_samples)].T
    rows, lfs = np.nonzero(held < len(table.lf))
    shape = (votes.n_samples, len(table.lf))
    holds = sp.csr_array((np.ones(len(rows)), (rows, held[rows, lfs])), shape=shape)
    meant = classes_meant(model, table.lf, table.vote)
    return at, Cells(votes, row[at], model._posterior(learned, votes), table.lf, meant, holds)


def _worth_asking(facts: Facts) -> list[int]:
    """The LFs of which it is worth asking what would be without them: first those with findings."""
    column = {name: j for j, name in enumerate(facts.name.tolist())}
    named = [column[found.lf] for found in all_findings(facts) if found.lf is not None]
    voting = np.flatnonzero(facts.coverage > 0).tolist()
    return list(dict.fromkeys([*named, *voting]))


def alpha_of(cells: Cells) -> Alpha:
    """Krippendorff's alpha of the votes that speak for a single class."""
    names_one = cells.meant.sum(axis=1) == 1
    counts = sp.csr_array(cells.holds @ sp.csr_array(cells.meant * names_one[:, None] * 1.0))
    if not (np.asarray(counts.sum(axis=1)) > 1).any():
        return Alpha(np.nan, np.nan, np.nan)
    weight = np.ones(counts.shape[0])
    resampled = resampler(weight, N_BOOTSTRAP, np.random.RandomState(0))
    scale = Scale("nominal", np.zeros(counts.shape[1]))
    return Alpha(*alpha_of_rows(counts, weight, scale, resampled))


def counted_votes(model: Any, patterns: Patterns) -> tuple[tuple[int, Any, float], ...]:
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


def row_names(L: Any, places: NDArray[np.intp]) -> NDArray[np.object_]:
    """What users call some rows: labels of the index of a pandas object, else their numbers."""
    index: Any = getattr(L, "index", None)
    return as_objects(index[places] if hasattr(index, "get_indexer") else places.tolist())


# How the fit was made -----------------------------------------------------------------------------


def settings_of(model: Any) -> dict[str, str]:
    """Parameters of a model in words, those that differ from the default marked, versions and the time."""
    default = type(model)().get_params()
    settings = {
        name: quoted(value) + ("" if quoted(value) == quoted(default[name]) else " (set)")
        for name, value in model.get_params().items()
    }
    settings["Python"] = platform.python_version()
    settings |= {package: _version(package) for package in PACKAGES}
    return settings | {"made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"

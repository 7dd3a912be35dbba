"""How a fit report is made: rows are read, numbers measured, and rows to look at put beside the findings."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._evidence.model import VoteModel, places_of
from ..._learning.observed import KeptCounts, Observed, observed_rows
from ..._utils import quoted, warn_user
from ..._votes.codes import GoldLabels, Votes, no_gold
from ..._votes.containers import as_objects, check_row_order
from ..._votes.gold import GoldCounts, read_gold
from ..._votes.patterns import Patterns, read_patterns
from .._fitted import FittedModel, leaning_class
from .agreement import agreement_with_labels, consensus, consensus_of_pairs, copied_pairs
from .checks import all_findings, inverted
from .facts import Consensus, Facts
from .held_out import held_out_scores
from .likelihood import LikelihoodFit, accuracy_intervals, fit_likelihood, pattern_posterior
from .parts import Copy, Finding, FitNumbers
from .report import FitReport, report_of_facts
from .rows import (
    GOLD_CELLS,
    Cells,
    alpha_of,
    cells_of,
    contested_rows,
    gold_check,
    labelled,
    labels_without,
    outvoted_rows,
    pairs_of,
    rows_against_label,
    rows_that_differ,
    silent_rows,
    votes_right,
)

if TYPE_CHECKING:
    from ..._utils.types import LabelsLike, VoteMatrix

MOST_CELLS, MOST_VOTES = 10_000_000, 5_000_000
# Votes of one LF that are counted by value.
MOST_VALUES = 50
PACKAGES = ("sklearn-labelmodel", "scikit-learn", "numpy", "scipy", "pandas", "torch")
ROWS_OF_MODEL = {"against-majority": outvoted_rows, "silent-rows": silent_rows}


def report_of_fit(model: FittedModel) -> FitReport:
    """What a fitted label model tells without its votes."""
    facts = measure_fit(model)
    return replace(report_of_facts(facts, all_findings(facts)), settings=settings_of(model))


def make_report(
    model: FittedModel,
    L: VoteMatrix,
    y: LabelsLike | None = None,
    reference: FitReport | VoteMatrix | None = None,
    ignore: Iterable[str] = (),
) -> FitReport:
    """What a fitted label model, votes and gold labels tell; parameters and errors are those of its `report`."""
    check_row_order(L=L, y=y)
    places, votes, n_rows = some_rows(model, L)
    facts = measure(model, votes, n_rows)
    findings = all_findings(facts)
    report = report_of_facts(facts, findings, ignore, _earlier(model, reference))
    gold = read_gold(y, n_rows, classes=model.vote_model_.classes)
    row = row_names(L, places)
    report = with_rows(report, facts, findings, model, cells_of(model, votes, row)[1])
    report = with_gold(report, model, votes, row, replace(gold, codes=gold.codes[places]))
    return replace(report, settings=settings_of(model))


def warn_of_inverted(model: FittedModel) -> None:
    """Warn of LFs that vote against the others, as far as `fit` can tell."""
    found = [str(finding) for finding in inverted(measure_fit(model))]
    if found:
        more = f" Likewise {len(found) - 1} more: see report_." if len(found) > 1 else ""
        warn_user(found[0] + more)


# Rows of L ----------------------------------------------------------------------------------------


def some_rows(model: FittedModel, L: VoteMatrix) -> tuple[NDArray[np.intp], Votes, int]:
    """The rows that are read, evenly spaced where they are many: places and votes; and how many rows there are."""
    votes, k = model._read_votes(L), len(model.vote_model_.classes)
    a_row = max(1.0, float(model._kept.coverage.sum()))
    most = max(1, min(MOST_CELLS // max(votes.n_lfs, k), int(MOST_VOTES / a_row)))
    n_rows = votes.n_samples
    if n_rows <= most:
        return np.arange(n_rows), votes, n_rows
    places = np.linspace(0, n_rows - 1, most).astype(np.intp)
    return places, votes.take(places), n_rows


def row_names(L: VoteMatrix, places: NDArray[np.intp]) -> NDArray[np.object_]:
    """What users call some rows: labels of the index of a pandas object, else their numbers."""
    index: Any = getattr(L, "index", None)
    return as_objects(index[places] if hasattr(index, "get_indexer") else places.tolist())


def _earlier(model: FittedModel, reference: FitReport | VoteMatrix | None) -> FitReport | None:
    """The older report, or that of the older votes."""
    if reference is None or isinstance(reference, FitReport):
        return reference
    try:
        _, votes, n_rows = some_rows(model, reference)
        facts = measure(model, votes, n_rows)
    except (ValueError, TypeError) as error:
        raise type(error)(f"reference: {error}") from error
    return report_of_facts(facts, ())


# Sums over rows -----------------------------------------------------------------------------------


def measure_fit(model: FittedModel) -> Facts:
    """What a fitted label model tells without its votes."""
    kept, learned = model._kept, model.vote_model_
    names = np.empty(model.n_features_in_, dtype=object)
    names[:] = getattr(model, "feature_names_in_", range(model.n_features_in_))
    return Facts(
        model=numbers_of_fit(type(model).__name__, learned, kept),
        capabilities=model._capabilities,
        name=names,
        learned=learned,
        kept=kept,
        coverage=kept.coverage,
        consensus=_kept_consensus(model),
        labelled=_agreement_with_labels(model),
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


def measure(model: FittedModel, votes: Votes, n_rows: int) -> Facts:
    """What a fitted label model and votes tell.

    Parameters
    ----------
    model : fitted label model
    votes : Votes
    n_rows : int
        Rows there are, of which these may be a part.
    """
    known = measure_fit(model)
    learned, labels = known.learned, known.kept.gold
    patterns = read_patterns(votes, no_gold(votes.n_samples))
    seen = observed_rows(patterns, learned.classes)
    symbol_class, k = leaning_class(model, patterns.lf, patterns.vote), len(learned.classes)
    counts = np.asarray(patterns.indicators @ np.eye(k + 1)[symbol_class, :k])
    proba = pattern_posterior(patterns, learned.on(patterns.lf, patterns.vote))
    copies, fit = _judge(learned, labels, seen)
    silent, shares, predicted = _labels(patterns, proba)
    agreement, outvoted = agreement_with_majority(counts, patterns.weight, proba)
    numbers = replace(
        known.model,
        n_rows=n_rows,
        n_samples=votes.n_samples,
        silent=silent,
        shares=shares,
        labels=predicted,
        agreement=agreement,
        outvoted=outvoted,
        held_out=None if labels is not None else held_out_scores(model, votes),
        copies=copies,
    )
    return replace(
        known,
        model=numbers,
        coverage=seen.coverage,
        consensus=consensus(patterns, symbol_class, counts),
        intervals=accuracy_intervals(fit),
        reason=fit.reason,
        counted=counted_votes(model, patterns),
    )


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


# What single rows show ----------------------------------------------------------------------------


def with_rows(
    report: FitReport,
    facts: Facts,
    findings: tuple[Finding, ...],
    model: FittedModel,
    cells: Cells,
) -> FitReport:
    """With what some rows show: how LFs agree, which rows are contested, and rows to look at for each finding."""
    names = facts.name.tolist()
    without = labels_without(model, cells, _worth_asking(facts, findings))
    against = rows_against_label(cells)
    return replace(
        report,
        findings=tuple(
            _with_rows(finding, facts, cells, against, without) for finding in report.findings
        ),
        lfs=report.lfs.assign(without=without),
        model=replace(report.model, alpha=alpha_of(cells)),
        pairs=pairs_of(cells, names, facts.kinds),
        contested=contested_rows(model, cells, names),
    )


def _worth_asking(facts: Facts, findings: tuple[Finding, ...]) -> list[int]:
    """The LFs of which it is worth asking what would be without them: first those with findings."""
    column = {name: j for j, name in enumerate(facts.name.tolist())}
    named = [column[found.lf] for found in findings if found.lf is not None]
    voting = np.flatnonzero(facts.coverage > 0).tolist()
    return list(dict.fromkeys([*named, *voting]))


def _with_rows(
    finding: Finding,
    facts: Facts,
    cells: Cells,
    against: dict[int, tuple[Any, ...]],
    without: NDArray[np.float64],
) -> Finding:
    """With rows to look at, and what would be without the LF."""
    code = finding.code
    if code in ROWS_OF_MODEL:
        return replace(finding, rows=ROWS_OF_MODEL[code](cells))
    if finding.lf is None or code.startswith("drifted"):
        return finding
    j = facts.name.tolist().index(finding.lf)
    rows = () if code == "never-votes" else against.get(j, ())
    if code == "near-duplicate":
        copy = next(copy for copy in facts.model.copies if copy.second == j)
        rows = rows_that_differ(cells, copy.first, copy.second)
    share = None if np.isnan(without[j]) else float(without[j])
    return replace(finding, rows=rows, without=share)


def with_gold(
    report: FitReport,
    model: FittedModel,
    votes: Votes,
    row: NDArray[np.object_],
    gold: GoldLabels,
) -> FitReport:
    """With labels and votes held against the gold labels of these rows, where there are any."""
    rows, truth = labelled(gold, model.vote_model_.classes)
    if not len(rows):
        return report
    places, cells = cells_of(model, votes.take(rows), row[rows], GOLD_CELLS)
    right, wrong = votes_right(cells, truth[places])
    lfs = report.lfs.assign(correct=right, incorrect=wrong)
    lfs["findings"] = lfs.pop("findings")
    return replace(report, gold=gold_check(cells, truth[places]), lfs=lfs)


# How the fit was made -----------------------------------------------------------------------------


def settings_of(model: FittedModel) -> dict[str, str]:
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

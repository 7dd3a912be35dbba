"""From what users pass to a label model to votes, labels and classes, read and checked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _num_samples

from .._utils import listed_values, warn_user
from .._votes.classes import (
    check_gold_is_class,
    check_votes_are_classes,
    checked_classes,
    resolve_classes,
    warn_of_gold_of_one_class,
)
from .._votes.codes import NO_VOTE, GoldLabels, Votes, no_gold
from .._votes.counted import (
    Counted,
    check_gold_of_classes,
    check_no_fractions,
    count,
    read_block,
    settle_unlabelled,
    without_gold,
    without_zeros,
)
from .._votes.encoding import find_encoding, renamed, warn_of_wrapper
from .._votes.gold import check_any_weight, read_labels
from .._votes.meanings import literal, literal_votes, open_classes
from .._votes.patterns import patterns_of
from .._votes.reader import check_lf_names, check_width, column_names, read_votes
from .._votes.scores import (
    Scores,
    check_speaks_for,
    n_columns,
    read_beside,
    with_bins,
    with_ranges,
)
from .._votes.statistics import VoteStatistics
from .._votes.suspects import check_part_has_no_identifier

if TYPE_CHECKING:
    from .._learning.observed import Observed
    from .._utils.types import (
        LabelsLike,
        VoteMatrix,
    )
    from .fitted import FittedVotes


def observe_votes(
    model: FittedVotes,
    L: VoteMatrix | VoteStatistics,
    y: LabelsLike | None,
    sample_weight: ArrayLike | None = None,
) -> tuple[Observed, Counting | None]:
    """What `fit` sees of votes and labels, and the counts that it was given, for `partial_fit` to add to.

    Parameters
    ----------
    model : label model
        With the parameters classes, abstain, scores, vote_meanings, gold and class_balance.
    L, y, sample_weight
        As `fit` takes them.
    """
    from .._learning.observed import observe

    if isinstance(L, VoteStatistics):
        _check_alone(y, sample_weight)
        return observe_statistics(model, L), Counting(L, None)
    names, named = column_names(L), model.classes
    labels, weight = no_gold(_num_samples(L)), None
    if y is not None or sample_weight is not None:
        labels, weight = read_labels(L, y, sample_weight, named)
    labelled = len(labels.values) > 0
    fractions = named is not None or labelled
    scored, encoding = None, None
    if model.scores is None:
        votes = read_votes(L, abstain=model.abstain, names=names, allow_fractions=fractions)
    else:
        votes, scored, cells = read_beside(
            L, model.scores, abstain=model.abstain, names=names, allow_fractions=fractions
        )
    if labelled:
        encoding = _encoding_of(model, votes, labels, weight)
        votes = votes if encoding is None else renamed(votes, encoding)
    binned, counted = votes, labels
    if scored is not None:
        scored = with_ranges(scored, cells, weight)
        binned = with_bins(votes, scored, cells)
    if weight is not None:
        check_any_weight(weight.sum())
        all_weights = weight
        binned, counted, weight = without_zeros(binned, labels, weight)
        counted = replace(counted, weight=weight)
        # Given classes refuse votes and labels by their rows; else rows that stand for many are as many.
        if named is None:
            votes, labels = replace(votes, weight=all_weights), counted
    learned_from = counted if model.gold != "ignore" else no_gold(len(counted.codes))
    observed = observe(binned, learned_from, weight, by_pairs=model._by_pairs)
    return _with_classes(model, observed, named, labels, votes, encoding, scored), None


def _encoding_of(
    model: FittedVotes, votes: Votes, labels: GoldLabels, weight: NDArray[np.float64] | None
) -> dict[Hashable, int] | None:
    """Which label each vote is, where a wrapper of scikit-learn has numbered the classes in y."""
    warn_of_wrapper(labels)
    if weight is not None:
        votes, labels, _ = without_zeros(votes, labels, weight)
    return None if model.vote_meanings else find_encoding(votes, labels, model.classes)


def _with_classes(
    model: FittedVotes,
    observed: Observed,
    named: Iterable[Hashable] | None,
    labels: GoldLabels,
    votes: Votes,
    encoding: dict[Hashable, int] | None = None,
    scored: Scores | None = None,
) -> Observed:
    """What was observed, with the classes that votes, labels or parameters name."""
    from .._learning.observed import LEAST_LFS, with_classes

    if observed.n_lfs < LEAST_LFS or not observed.overlaps[observed.lf].all():
        model._warn_unidentified(observed)
    meanings, balance = model.vote_meanings, model.class_balance
    symbols, plain_votes = (observed.lf, observed.vote, observed.frequency), votes
    if meanings or scored is not None:
        symbols = literal(*symbols, meanings)
        plain_votes = literal_votes(votes, meanings)
    classes = resolve_classes(named, model.abstain, labels, plain_votes, *symbols, balance)
    shares_open = named is None and (balance is None or isinstance(balance, str))
    if shares_open and len(observed.labels.values) == 1 < len(classes):
        warn_of_gold_of_one_class(observed.labels)
    if scored is not None:
        check_speaks_for(scored, classes, observed.names)
    sets = open_classes(meanings, classes) if meanings else {}
    anchored = model.gold == "anchor" and len(observed.labels.values) > 0
    return with_classes(observed, classes, encoding, scored, sets, anchored=anchored)


# Counts in place of votes -------------------------------------------------------------------------


def _check_alone(y: LabelsLike | None, sample_weight: ArrayLike | None) -> None:
    if y is not None or sample_weight is not None:
        raise ValueError(
            "VoteStatistics hold their labels and weights: count them with the votes, VoteStatistics(L, y, "
            "sample_weight), and fit these alone."
        )


def observe_statistics(
    model: FittedVotes, statistics: VoteStatistics, classes: NDArray[Any] | None = None
) -> Observed:
    """What `fit` sees of votes and labels that were counted before.

    Parameters
    ----------
    model : label model
    statistics : VoteStatistics
    classes : ndarray of shape (n_classes,), default=None
        Those of y, where it is known which there are.
    """
    from .._learning.observed import observed_counts

    _check_countable(model)
    statistics.check_markers(model.abstain)
    named = model.classes
    known = classes if named is None else checked_classes(named, model.abstain)
    counted = settle_unlabelled(statistics._counted, known)
    check_any_weight(counted.pairs.n_samples)
    if not len(counted.pairs.lf):
        raise ValueError(NO_VOTE)
    labels = counted.labels
    if known is not None:
        check_gold_of_classes(counted, known)
    elif not labels.n_labelled:
        check_no_fractions(counted)
    if classes is not None:
        # As if a y that labels every row held them.
        labels = GoldLabels(classes, np.arange(len(classes)))
    if model.gold == "ignore":
        counted = without_gold(counted)
    votes, own_labels, weight = counted.rows
    held = _counted_rows(counted, votes, own_labels, weight, by_pairs=model._by_pairs)
    names = counted.names
    observed = observed_counts(held, own_labels, names=names)
    return _with_classes(model, observed, named, labels, votes)


def _counted_rows(
    counted: Counted,
    votes: Votes,
    labels: GoldLabels,
    weight: NDArray[np.float64],
    *,
    by_pairs: bool,
) -> dict[str, Any]:
    """What a fit on all rows would have counted so far."""
    found, pairs = replace(counted.found, row=np.arange(len(weight))), counted.pairs
    if by_pairs or not found.complete:
        return {"found": (found, votes, labels), "statistics": pairs}
    return {"patterns": patterns_of(found, votes, labels, weight, (pairs.lf, pairs.vote))}


def count_block(
    model: FittedVotes,
    L: VoteMatrix,
    y: LabelsLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> VoteStatistics:
    """The counts of some rows, read as a label model reads them.

    Parameters
    ----------
    model : label model
    L, y, sample_weight
        As `fit` takes them.

    Raises
    ------
    ValueError
        As `fit`; scores, whose bins follow from all rows.
    """
    _check_countable(model)
    named = model.classes
    known = None if named is None else list(named)
    block = read_block(L, y, sample_weight, abstain=model.abstain, classes=known)
    if named is not None:
        given, (votes, labels, _) = checked_classes(named, model.abstain), block
        check_votes_are_classes(given, literal_votes(votes, model.vote_meanings))
        check_gold_is_class(given, labels)
    counted = count(*block)
    if named is None and y is None:
        check_part_has_no_identifier(block[0], counted.pairs.lf)
    return VoteStatistics.of_counted(counted, model.abstain)


def _check_countable(model: FittedVotes) -> None:
    if model.scores is not None:
        raise ValueError(
            "Scores are cut into bins by quantiles of all rows, so that parts of the rows cannot be counted apart. Fit "
            "all rows at once, or cut the scores into votes first (BinLF)."
        )


# Rows that come a part at a time ------------------------------------------------------------------


class Counting(NamedTuple):
    """What `partial_fit` counted so far, and the classes that it was given with the first rows."""

    statistics: VoteStatistics
    classes: NDArray[Any] | None


def count_more(
    model: FittedVotes,
    L: VoteMatrix,
    y: LabelsLike | None,
    classes: Iterable[Hashable] | None,
    sample_weight: ArrayLike | None,
) -> Counting:
    """The counts of all rows that `partial_fit` was given.

    Parameters
    ----------
    model : label model
    L, y, classes, sample_weight
        As `partial_fit` takes them.
    """
    before: Counting | None = getattr(model, "_counting", None)
    given = None if classes is None else np.unique(np.asarray(classes))
    if before is None:
        if model.__sklearn_is_fitted__():
            warn_user(
                "`fit` keeps no counts that more rows could be added to: partial_fit starts anew. To add rows to those "
                "of a fit, begin with partial_fit, or fit VoteStatistics(L, y)."
            )
        return Counting(count_block(model, L, y, sample_weight), given)
    if given is not None:
        _check_same_classes(before.classes, given)
    check_lf_names(model, L)
    check_width(model, n_columns(L), before.statistics.n_lfs)
    return before._replace(statistics=before.statistics + count_block(model, L, y, sample_weight))


def _check_same_classes(before: NDArray[Any] | None, now: NDArray[Any]) -> None:
    if before is None or before.tolist() != now.tolist():
        first = "none" if before is None else listed_values(before)
        raise ValueError(
            f"partial_fit was given the classes {listed_values(now)}, and at its first call {first}. Give the same, or "
            "leave them out after the first call."
        )

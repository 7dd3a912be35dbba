"""The rows on which estimators are trained, by votes, gold labels and certainty; folds that judge by gold labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, get_tags

from .._evidence.model import certain
from .._utils import TIE, listed, quoted, warn_user
from .._votes.classes import check_gold_is_class, check_same_kind
from .._votes.codes import GoldLabels, class_index
from .._votes.gold import UNLABELLED, read_gold
from .._votes.per_lf import rows_with_vote
from .._votes.reader import read_votes
from ._soft_labels import Floats, Places

if TYPE_CHECKING:
    from .._utils.types import (
        CrossValidator,
        Estimator,
        LabelModel,
        LabelsLike,
        RecordsLike,
        VoteMatrix,
    )
    from ..inspection._fitted import FittedModel

# A class that loses more of its rows to `min_confidence` than this is named in a warning.
MOST_LOST = 0.75
N_FOLDS = 5


def gold_of_classes(model: LabelModel, y: LabelsLike | None, n_samples: int) -> GoldLabels:
    """The gold labels in y, all of them classes of the fitted label model.

    Raises
    ------
    ValueError
        Labels that the label model does not know, or of another kind.
    """
    classes = np.asarray(model.classes_)
    known: Any = classes
    if UNLABELLED in classes.tolist() and not isinstance(model, FrozenEstimator):
        # Votes may have made -1 a class after fit had read it in y as the mark of an unlabelled row.
        known = getattr(innermost(model), "classes", None)
    gold = read_gold(y, n_samples, classes=known)
    check_same_kind(classes, gold.values, ("classes", "labels of y"))
    check_gold_is_class(classes, gold)
    return gold


def gold_codes(gold: GoldLabels, classes: NDArray[Any]) -> Places:
    """Class of every row's gold label, shape (n_samples,); n_classes where there is none."""
    return np.append(class_index(gold.values, classes), len(classes))[gold.codes]


def with_gold(proba: Floats, gold: GoldLabels, classes: NDArray[Any]) -> Floats:
    """Probabilities in which rows with a gold label are certain."""
    proba = np.array(proba, dtype=np.float64)
    return np.ascontiguousarray(certain(proba.T, gold_codes(gold, classes)).T)


def covered_rows(model: LabelModel, L: VoteMatrix) -> NDArray[np.bool_]:
    """Whether each row has a vote or a score, by the label model's abstain marker."""
    if getattr(model, "scores", None) is not None:
        return rows_with_vote(cast("FittedModel", model)._read_votes(L))
    abstain = getattr(model, "abstain", -1)
    return rows_with_vote(read_votes(L, abstain=abstain, allow_fractions=True))


def training_rows(
    proba: Floats,
    candidates: NDArray[np.bool_],
    classes: NDArray[Any],
    min_confidence: float | None,
    keep_share: float | None,
) -> Places:
    """Row numbers of the candidates that are certain enough; a warning says which classes lose most of their rows.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
    candidates : ndarray of shape (n_samples,)
        Which rows may be trained on.
    classes : ndarray of shape (n_classes,)
    min_confidence, keep_share : float or None
        Those of `WeakSupervisionClassifier`.

    Raises
    ------
    ValueError
        There is no candidate, or none is certain enough.
    """
    if not candidates.any():
        raise ValueError(
            f"No row is left to train the estimator on: none of {len(candidates)} rows has a vote or a gold label. "
            "Check the label model's `abstain`, or pass uncovered='prior' to train on rows without a vote."
        )
    rows = np.flatnonzero(candidates)
    certainty, leading = proba[rows].max(axis=1), np.argmax(proba[rows], axis=1)
    kept = np.ones(len(rows), dtype=bool)
    if min_confidence is not None:
        kept = certainty >= min_confidence
        _check_any_certain(certainty, min_confidence, bool(candidates.all()))
        _warn_of_lost(leading, kept, classes, min_confidence)
    if keep_share is not None:
        kept &= _most_certain(certainty, leading, keep_share)
    return rows[kept]


def _most_certain(certainty: Floats, leading: Places, share: float) -> NDArray[np.bool_]:
    """A share of the rows of each leading class, the most certain ones, and those that tie with the last of these."""
    kept = np.zeros(len(certainty), dtype=bool)
    for rows in (np.flatnonzero(leading == y) for y in np.unique(leading)):
        ordered = np.sort(certainty[rows])[::-1]
        least = ordered[math.ceil(share * len(rows) - TIE) - 1]
        kept[rows] = certainty[rows] >= least - TIE
    return kept


def _warn_of_lost(
    leading: Places, kept: NDArray[np.bool_], classes: NDArray[Any], min_confidence: float
) -> None:
    before = np.bincount(leading, minlength=len(classes))
    after = np.bincount(leading[kept], minlength=len(classes))
    lost = np.flatnonzero(after < (1 - MOST_LOST) * before)
    if len(lost):
        named = [f"{before[y] - after[y]} of {before[y]} of {quoted(classes[y])}" for y in lost]
        warn_user(
            f"min_confidence={min_confidence:g} leaves out {np.count_nonzero(~kept)} of {len(kept)} rows: "
            f"{listed(named, 5)}. The estimator hardly learns such classes. Lower it, or pass keep_share=0.5 instead, "
            "which keeps the more certain half of each class."
        )


def _check_any_certain(certainty: Floats, min_confidence: float, all_rows: bool) -> None:
    if not (certainty >= min_confidence).any():
        which = "" if all_rows else " with a vote or a gold label"
        # Rounded down, so that the number given will do.
        greatest = math.floor(1e4 * certainty.max()) / 1e4
        raise ValueError(
            f"No row is left to train the estimator on: none of {len(certainty)} rows{which} has a class of "
            f"probability min_confidence={min_confidence:g} or more. Lower min_confidence, to {greatest:g} at most."
        )


# Folds of gold rows -------------------------------------------------------------------------------


def innermost(estimator: Estimator) -> Any:
    """The classifier within a Pipeline, a search or a FrozenEstimator, whose own tags do not say what it needs."""
    while not isinstance(estimator, ClassifierMixin):
        if hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "estimator"):
            estimator = estimator.estimator
        else:
            break
    return estimator


def requires_labels(estimator: Estimator) -> bool:
    """Whether the classifier must be given the label of every row."""
    return bool(get_tags(innermost(estimator)).target_tags.required)


def gold_splits(
    cv: CrossValidator, X: RecordsLike, gold: GoldLabels, rows: Places
) -> Iterable[tuple[Places, Places]]:
    """Pairs of positions in the gold rows: those to train with, and those to judge.

    A number makes folds that share every class out as evenly as it goes, be it of one row; there are no more folds
    than gold rows.
    """
    if cv is not None and not isinstance(cv, Integral):
        labels = gold.values[gold.codes[rows]]
        return check_cv(cv, labels, classifier=True).split(_safe_indexing(X, rows), labels)
    if len(rows) < 2:
        raise ValueError(
            "Only 1 sample has a gold label, and folds need two. Label more rows; or, for a label model, pass "
            "cv='ignore', which fits it without labels."
        )
    n_folds = min(N_FOLDS if cv is None else int(cv), len(rows))
    fold = np.empty(len(rows), dtype=np.intp)
    fold[np.argsort(gold.codes[rows], kind="stable")] = np.arange(len(rows)) % n_folds
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]


def fit_on_fold(estimator: Estimator, X: RecordsLike, gold: GoldLabels, train: Places) -> None:
    """Fit with the labels of the rows `train`: on these alone, or where rows may lack a label on all rows."""
    if gold.complete or requires_labels(estimator):
        fit_on_labelled(estimator, X, gold, train)
        return
    known = np.zeros(len(gold.codes), dtype=bool)
    known[train] = True
    estimator.fit(X, _with_unlabelled(gold, known))


def fit_on_labelled(estimator: Estimator, X: RecordsLike, gold: GoldLabels, rows: Places) -> None:
    """Fit on the given rows, all of which have a label."""
    estimator.fit(
        X if len(rows) == len(gold.codes) else _safe_indexing(X, rows),
        gold.values[gold.codes[rows]],
    )


def _with_unlabelled(gold: GoldLabels, known: NDArray[np.bool_]) -> NDArray[Any]:
    """The labels of the known rows; -1, or None where that could be taken for a class, for all others."""
    labels = gold.values[gold.codes[known]]
    is_number = labels.dtype.kind in "iuf" and UNLABELLED not in gold.values
    marked = is_number and len(np.unique(labels)) > 1
    kind = np.result_type(labels.dtype, np.int8) if marked else object
    y = np.full(len(known), UNLABELLED if marked else None, dtype=kind)
    y[known] = labels
    return y


def labelled_rows(gold: GoldLabels) -> Places:
    """Row numbers of the gold labels."""
    return np.flatnonzero(gold.codes < len(gold.values))

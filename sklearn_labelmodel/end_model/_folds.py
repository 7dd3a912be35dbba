"""Fits that did not see the gold labels which judge them."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, get_tags

from .._votes.codes import GoldLabels
from .._votes.gold import UNLABELLED

if TYPE_CHECKING:
    from .._utils.types import CrossValidator, Estimator, RecordsLike

N_FOLDS = 5


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
    cv: CrossValidator, X: RecordsLike, gold: GoldLabels, rows: NDArray[np.intp]
) -> Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]]:
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


def fit_on_fold(
    estimator: Estimator, X: RecordsLike, gold: GoldLabels, train: NDArray[np.intp]
) -> None:
    """Fit with the labels of the rows `train`: on these alone, or where rows may lack a label on all rows."""
    if gold.complete or requires_labels(estimator):
        fit_on_labelled(estimator, X, gold, train)
        return
    known = np.zeros(len(gold.codes), dtype=bool)
    known[train] = True
    estimator.fit(X, _with_unlabelled(gold, known))


def fit_on_labelled(
    estimator: Estimator, X: RecordsLike, gold: GoldLabels, rows: NDArray[np.intp]
) -> None:
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


def labelled_rows(gold: GoldLabels) -> NDArray[np.intp]:
    """Row numbers of the gold labels."""
    return np.flatnonzero(gold.codes < len(gold.values)) if gold.n_labelled else np.arange(0)

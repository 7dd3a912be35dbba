"""Class shares that are known, and offsets that give an estimator's predictions these shares."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, indexable

from .._evidence.prior import given_prior
from .._utils import quoted, warn_user
from .._votes.codes import GoldLabels, class_index
from ._class_scores import class_scores
from ._folds import N_FOLDS, innermost
from ._shares import matching_offsets, shares_of, within_chance
from ._soft_labels import fit_on_probabilities, takes_probabilities

if TYPE_CHECKING:
    from .._utils.types import ClassBalance, CrossValidator, Estimator, LabelsLike, RecordsLike

# Rows of a class without which folds say nothing of it.
FEWEST_ROWS = 5


def known_shares(
    match_shares: ClassBalance | None,
    label_model: Estimator,
    gold: GoldLabels,
    classes: NDArray[Any],
) -> tuple[NDArray[np.float64], float] | None:
    """Class shares that somebody knows, and the number of labels that they were counted from.

    What a label model estimates from votes is no knowledge. Labels of all rows leave nothing to correct, and those of a
    single class say nothing of the others.

    Parameters
    ----------
    match_shares : "auto", None, array-like of shape (n_classes,) or mapping of class to share
    label_model : fitted label model
    gold : GoldLabels
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    shares, n_labels : (ndarray of shape (n_classes,), float) or None
        n_labels is infinite where the shares were given. None: no shares are known, or they are not to be matched.

    Raises
    ------
    ValueError
        Shares in `match_shares` that do not suit the classes.
    """
    if match_shares is None or len(classes) < 2:
        return None
    automatic = isinstance(match_shares, str)
    inner = innermost(label_model)
    given = getattr(inner, "class_balance", None) if automatic else match_shares
    if given is not None and not isinstance(given, str):
        return _given_shares(given, classes), np.inf
    if getattr(inner, "gold", "anchor") == "ignore" or gold.complete or len(gold.values) < 2:
        return None
    return _counted_shares(gold, classes), gold.n_labelled


def _given_shares(shares: ClassBalance, classes: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return given_prior(shares, classes).of_all
    except ValueError as error:
        raise ValueError(str(error).replace("class_balance", "match_shares")) from None


def _counted_shares(gold: GoldLabels, classes: NDArray[Any]) -> NDArray[np.float64]:
    """The labels' shares, half a label of each class added."""
    labels = class_index(gold.values, classes)[gold.codes[gold.codes < len(gold.values)]]
    counts = np.bincount(labels, minlength=len(classes)) + 0.5
    return np.asarray(counts / counts.sum())


def share_offsets(
    known: tuple[NDArray[np.float64], float], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offsets of the scores of rows that did not train, and the shares that they aim at.

    Parameters
    ----------
    known : (ndarray of shape (n_classes,), float)
        Shares, and the number of labels that they were counted from.
    scores : ndarray of shape (n_samples, n_classes)
        NaN where no fold holds the row out; such rows do not count.

    Returns
    -------
    offsets, target : ndarray of shape (n_classes,)
    """
    shares, n_labels = known
    scores = scores[~np.isnan(scores).any(axis=1)]
    target = within_chance(shares, shares_of(scores), n_labels)
    return matching_offsets(scores, target), target


def warn_of_scarce_class(
    proba: NDArray[np.float64],
    rows: NDArray[np.intp],
    classes: NDArray[Any],
    *,
    hard: bool,
    refines: bool,
) -> bool:
    """Whether a class has too few training rows for folds; a warning names it.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Soft labels. Rows of a class are the sum of its probabilities, or for hard labels the rows that it leads.
    rows : ndarray of shape (n_rows,)
        Those that the estimator is trained on.
    classes : ndarray of shape (n_classes,)
    hard, refines : bool
        Whether estimators are trained on hard labels, and whether labels were to be refined.
    """
    labels = proba[rows]
    counts = shares_of(labels) * len(rows) if hard else labels.sum(axis=0)
    fewest = int(np.argmin(counts))
    if counts[fewest] >= FEWEST_ROWS:
        return False
    undone = "matched, nor labels refined" if refines else "matched"
    warn_user(
        f"Class shares are known but not {undone}: the class {quoted(classes[fewest])} has only "
        f"{counts[fewest]:.2g} of {len(rows)} rows to train on, and folds need {FEWEST_ROWS} of every class. Give more "
        "records or more votes for it, or pass match_shares=None to do without."
    )
    return True


def out_of_fold_scores(
    estimator: Estimator,
    X: RecordsLike,
    proba: NDArray[np.float64],
    rows: NDArray[np.intp],
    classes: NDArray[Any],
    labels: str,
    cv: CrossValidator,
    groups: LabelsLike | None = None,
) -> NDArray[np.float64]:
    """Scores of all rows by clones of the estimator that were trained without them.

    Parameters
    ----------
    estimator : estimator
    X : n_samples records
    proba : ndarray of shape (n_samples, n_classes)
        Soft labels.
    rows : ndarray of shape (n_rows,)
        Those that may be trained on; all are scored.
    classes : ndarray of shape (n_classes,)
    labels : {"soft", "hard", "native"}
    cv : int, splitter or iterable of (train, test)
        A number makes folds of consecutive rows of each most probable class.
    groups : array-like of shape (n_samples,) or None
        For splitters that take them.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_classes)
        NaN in rows that no fold holds out.
    """
    X, may_train = indexable(X)[0], np.isin(np.arange(len(proba)), rows)
    scores = np.full(proba.shape, np.nan)
    leading = np.argmax(proba, axis=1)
    if cv is None or isinstance(cv, Integral):
        cv = _consecutive_folds(leading, int(cv or N_FOLDS))
    for train, test in check_cv(cv, leading, classifier=True).split(X, leading, groups):
        fold_rows = _positions(train, len(proba))
        fold_rows = fold_rows[may_train[fold_rows]]
        fitted = fit_on_probabilities(
            clone(estimator), _safe_indexing(X, fold_rows), proba[fold_rows], classes, labels
        )
        native = takes_probabilities(fitted, labels)
        scores[test] = class_scores(fitted, _safe_indexing(X, test), classes, native)
    return scores


def _consecutive_folds(
    codes: NDArray[np.intp], n_folds: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows outside and inside each fold: an equal part of each code's rows, in their order.

    Rows that follow each other may be much alike (of one source, or nearly repeated), so they stay together. As
    scikit-learn's stratified folds, but codes with fewer rows than folds are no reason to warn.
    """
    fold = np.empty(len(codes), dtype=np.intp)
    for rows in (np.flatnonzero(codes == code) for code in np.unique(codes)):
        fold[rows] = np.arange(len(rows)) * n_folds // len(rows)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]


def _positions(rows: NDArray[np.intp] | NDArray[np.bool_], n_samples: int) -> NDArray[np.intp]:
    """Row numbers, of which splitters may give a mask."""
    return np.arange(n_samples)[rows]

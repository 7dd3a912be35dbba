"""From class probabilities to labels that may abstain, and rows that have a vote."""

from __future__ import annotations

import numbers
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, check_array, indexable
from sklearn.utils.validation import _num_samples

from .._utils import TIE, check_row_order, listed_values, plain, quoted, random_state_of
from .._votes.per_lf import rows_with_vote
from .._votes.reader import column_names
from .._votes.scores import Cells, read_beside, rows_with_score
from ._fitted import FittedModel, check_label_model

if TYPE_CHECKING:
    from .._utils.types import Marker, RecordsLike, ScoreColumns, VoteMatrix


def probs_to_preds(
    proba: ArrayLike,
    classes: ArrayLike,
    tie_break: str = "abstain",
    threshold: float | None = None,
    abstain: Hashable = -1,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[Any]:
    """Label every row with its most probable class, or abstain.

    `predict` labels every row, as scikit-learn demands; this function need not.

    Parameters
    ----------
    proba : array-like of shape (n_samples, n_classes)
        Class probabilities, such as `predict_proba` returns, in [0, 1].
    classes : array-like of shape (n_classes,)
        Label of each column: `classes_`.
    tie_break : {"abstain", "random", "first"}, default="abstain"
        What becomes of a row whose highest probability several classes share (to within 1e-9): no label, that of
        one of them at random, or that of the first.
    threshold : float, default=None
        In [0, 1]; rows whose highest probability is below it abstain.
    abstain : int, float, str or None, default=-1
        What is written for an abstain.
    random_state : int, RandomState instance or None, default=None
        For ``tie_break="random"``. NumPy's global generator is never used.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        Of the classes' dtype where `abstain` is of their kind, else of dtype object (NaN beside numbers: float64).

    Raises
    ------
    ValueError
        Shapes that do not match, probabilities outside [0, 1], unknown tie_break, threshold outside [0, 1].

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import probs_to_preds
    >>> proba = [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]
    >>> probs_to_preds(proba, ["ham", "spam"], abstain=None)
    array(['ham', 'spam', None], dtype=object)
    >>> probs_to_preds(proba, [0, 1], tie_break="first", threshold=0.5)
    array([0, 1, 0])
    >>> probs_to_preds(proba, [0, 1], threshold=0.8)
    array([ 0, -1, -1])
    """
    proba, classes = check_proba(proba, classes)
    if tie_break not in ("abstain", "random", "first"):
        raise ValueError(
            f"tie_break is {quoted(tie_break)}; it must be 'abstain', 'random' or 'first'."
        )
    if threshold is not None and not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {quoted(threshold)}; it must be a probability, in [0, 1].")
    best = proba.max(axis=1, keepdims=True)
    leading = proba >= best - TIE
    if tie_break == "random":
        generator = random_state_of(random_state)
        chosen = np.argmax(leading * (1.0 - generator.random_sample(leading.shape)), axis=1)
    else:
        chosen = np.argmax(leading, axis=1)
    silent = best[:, 0] < (-np.inf if threshold is None else threshold)
    if tie_break == "abstain":
        silent |= leading.sum(axis=1) > 1
    labels = classes[chosen].astype(_dtype_with(classes, abstain))
    labels[silent] = abstain
    return labels


def check_proba(proba: ArrayLike, classes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Probabilities as float64 and labels as an array, if they match.

    Raises
    ------
    ValueError
        Not two-dimensional, not one column for each class in the order of the classes, or values outside [0, 1].
    """
    named = [plain(name) for name in getattr(proba, "columns", ())]
    table = check_array(proba, dtype=np.float64, input_name="proba", ensure_min_samples=0)
    labels = np.asarray(classes)
    if named != labels.tolist() and set(named) == set(labels.ravel().tolist()):
        raise ValueError(
            f"The columns of proba are {named} and classes is {listed_values(labels)}: the same in another order, and "
            "they are matched by position. Pass proba[classes]."
        )
    if labels.shape != (table.shape[1],):
        raise ValueError(
            f"proba has {table.shape[1]} columns and classes has shape {labels.shape}; there must be one "
            "class for each column, in the same order (`classes_` of the model)."
        )
    outside = np.argwhere((table < -TIE) | (table > 1 + TIE))
    if len(outside):
        row, column = outside[0]
        raise ValueError(
            f"proba, row {row}, class {quoted(labels.tolist()[column])}: {table[row, column]:.6g} is no "
            "probability; it must be in [0, 1] (`predict_proba`, not `predict_log_proba`)."
        )
    return table, labels


def _dtype_with(classes: NDArray[Any], abstain: Marker) -> np.dtype[Any]:
    """A dtype that holds the classes and the abstain marker as they are."""
    if classes.dtype.kind in "US" and isinstance(abstain, str):
        return np.result_type(classes, np.array(abstain))
    if classes.dtype.kind in "iuf" and isinstance(abstain, numbers.Real):
        return np.result_type(classes.dtype, np.min_scalar_type(np.asarray(abstain)))
    return np.dtype(object)


def filter_unlabeled(
    X: RecordsLike,
    L: VoteMatrix,
    *arrays: RecordsLike,
    abstain: Marker = -1,
    scores: ScoreColumns | None = None,
    label_model: FittedModel | None = None,
) -> tuple[Any, ...]:
    """Keep the rows in which at least one labeling function votes.

    Parameters
    ----------
    X : array-like, dataframe, sparse matrix or list of n_samples records
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Votes, as `LabelModelClassifier.fit` takes them.
    *arrays : array-likes of n_samples rows
        More to filter alike, such as `predict_proba` of L.
    abstain : int, float, str, list of these or None, default=-1
        The vote that means "no vote", or several, as every missing value does.
    scores : "all", list or mask of columns, or dict of column to class, default=None
        Columns of L that hold scores, as in `LabelModelClassifier`: every number counts as a vote there.
    label_model : fitted label model, default=None
        Reads L as it reads rows to predict; `abstain` and `scores` are its own then.

    Returns
    -------
    X, L, *arrays : tuple
        The kept rows, in order, each in its own container (sparse matrices as CSR).

    Raises
    ------
    ValueError
        Unlike numbers of rows; the same index in another order; votes or scores that `fit` would refuse.
    TypeError, NotFittedError
        A label_model that is none, or is not fitted.

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import filter_unlabeled
    >>> texts, votes = filter_unlabeled(["a", "b", "c"], [[1, -1], [-1, -1], [0, 0]])
    >>> texts
    ['a', 'c']
    """
    cells: list[Cells] = []
    if label_model is not None:
        votes = check_label_model(label_model)._read_votes(L)
    else:
        names = column_names(L)
        votes, _, cells = read_beside(L, scores, abstain=abstain, names=names, allow_fractions=True)
    more = {f"array {i} after L": array for i, array in enumerate(arrays, 1)}
    check_row_order(X=X, L=L, **more)
    for what, array in {"X": X, **more}.items():
        if _num_samples(array) != votes.n_samples:
            raise ValueError(
                f"{what} has {_num_samples(array)} rows and L has {votes.n_samples}; row i of both must be "
                "the same record."
            )
    rows = np.flatnonzero(rows_with_vote(votes) | rows_with_score(cells, votes.n_samples))
    return tuple(_safe_indexing(array, rows) for array in indexable(X, L, *arrays))

"""Scores: a mean over rows, and the accuracy on those that have a gold label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _check_sample_weight, _num_samples

from .._utils import check_row_order
from .._votes.codes import Votes

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, Predictor, RecordsLike

NOTHING_LABELLED = (
    "y labels no row, so the score is the log-likelihood of the votes. It is no accuracy: do not average it with "
    "accuracies, or compare it with them. Give every fold labelled rows, or leave y out."
)
# Probabilities that are held at once to find the greatest ones.
MOST_CELLS = 1 << 24


def gold_accuracy(
    model: Predictor,
    X: RecordsLike,
    y: LabelsLike,
    sample_weight: ArrayLike | None,
    without_gold: str,
) -> float:
    """Weighted share of the labelled rows that the model predicts right.

    Parameters
    ----------
    model : fitted classifier
    X : array-like, dataframe, sparse matrix or list of n_samples rows
    y : array-like of shape (n_samples,)
        Gold labels; rows labelled -1 (unless it is a class) or with a missing value do not count.
    sample_weight : array-like of shape (n_samples,) or None
        Non-negative.
    without_gold : str
        What to say where no row has a label.

    Raises
    ------
    ValueError
        No row has a gold label; the same index in another order; labels of another kind than the classes; weights as
        `weighted_mean` refuses.
    """
    from .._votes.classes import check_same_kind
    from .._votes.gold import read_gold
    from .._votes.suspects import warn_of_new_values

    check_row_order(X=X, y=y, sample_weight=sample_weight)
    gold = read_gold(y, _num_samples(X), classes=model.classes_)
    labelled = np.flatnonzero(gold.codes < len(gold.values))
    if not len(labelled):
        raise ValueError(without_gold)
    check_same_kind(model.classes_, gold.values, ("classes", "labels of y"))
    warn_of_new_values(gold.values, np.asarray(model.classes_), "y", "counts as wrong")
    weight = _check_sample_weight(sample_weight, np.empty((len(gold.codes), 1)))[labelled]
    predicted = model.predict(_safe_indexing(indexable(X)[0], labelled))
    return weighted_mean(predicted == gold.values[gold.codes[labelled]], weight)


def weighted_mean(values: NDArray[Any], weight: NDArray[np.float64]) -> float:
    """The mean over rows, each counted as often as its weight says.

    Parameters
    ----------
    values, weight : ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        A negative weight, or none above zero.
    """
    if (weight < 0).any() or not weight.any():
        raise ValueError(
            "sample_weight must not be negative, nor zero in all rows that count (with gold labels, those "
            "that are labelled)."
        )
    return float(np.average(values, weights=weight))


def most_probable(
    posterior: Callable[[Votes], NDArray[np.float64]], votes: Votes, n_classes: int
) -> NDArray[np.intp]:
    """Place of the most probable class of every row, shape (n_samples,), some rows at a time."""
    n_rows = max(1, MOST_CELLS // n_classes)
    if votes.n_samples <= n_rows:
        return posterior(votes).argmax(axis=1)
    ends = range(n_rows, votes.n_samples, n_rows)
    parts = np.split(np.arange(votes.n_samples), ends)
    return np.concatenate([posterior(votes.take(rows)).argmax(axis=1) for rows in parts])

"""Accuracy of predictions on the rows that have a gold label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _check_sample_weight, _num_samples

from ._classes import read_gold


def gold_accuracy(
    model: Any, X: Any, y: Any, sample_weight: ArrayLike | None, without_gold: str
) -> float:
    """Weighted share of the labelled rows that the model predicts right.

    Parameters
    ----------
    model : fitted classifier
    X : array-like, dataframe, sparse matrix or list of n_samples rows
    y : array-like of shape (n_samples,)
        Gold labels; rows labelled -1 (unless it is a class) or with a missing value do not count.
    sample_weight : array-like of shape (n_samples,) or None
    without_gold : str
        What to say where no row has a label.

    Raises
    ------
    ValueError
        No row has a gold label.
    """
    gold = read_gold(y, _num_samples(X), classes=model.classes_)
    labelled = np.flatnonzero(gold.codes < len(gold.values))
    if not len(labelled):
        raise ValueError(without_gold)
    weight = None
    if sample_weight is not None:
        weight = _check_sample_weight(sample_weight, np.empty((len(gold.codes), 1)))[labelled]
    predicted = model.predict(_safe_indexing(indexable(X)[0], labelled))
    return float(np.average(predicted == gold.values[gold.codes[labelled]], weights=weight))

"""Labelled rows, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from .codes import GoldLabels, is_text, no_gold


@dataclass(frozen=True)
class GoldCounts:
    """Labelled rows of each class.

    Attributes
    ----------
    by_symbol : ndarray of shape (n_symbols, n_classes)
        Those that hold each symbol.
    rows : ndarray of shape (n_classes,)
        All of them.
    voteless : ndarray of shape (n_classes,)
        Those without a vote.
    """

    by_symbol: NDArray[np.float64]
    rows: NDArray[np.float64]
    voteless: NDArray[np.float64]


UNLABELLED = -1


def read_gold(y: Any, n_samples: int, *, classes: Any = None) -> GoldLabels:
    """Read y, in which -1 ("-1" among strings) or a missing value marks an unlabelled row.

    -1 is itself a class where `classes` names it, or where no classes are given and taking the -1 away
    would leave a single one.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        Class labels, numbers or strings.
    n_samples : int
        Rows of the label matrix.
    classes : array-like or None, default=None
        The classes, where they are known.

    Raises
    ------
    ValueError
        y has another length, is continuous, infinite, or mixes numbers with strings.
    """
    if y is None:
        return no_gold(n_samples)
    labels = column_or_1d(_as_labels(y), warn=True)
    if len(labels) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: L has {n_samples} rows, "
            f"y has {len(labels)} labels. Mark rows without a gold label with -1 or a missing value."
        )
    known = ~_missing_mask(labels)
    if labels.dtype.kind == "O" and is_text(labels):
        known[known] = [isinstance(gold, str) or gold != UNLABELLED for gold in labels[known]]
    values = _distinct_labels(labels[known])
    marker = str(UNLABELLED) if is_text(values) else UNLABELLED
    marked = np.asarray(values == marker) if len(values) else np.zeros(0, bool)
    is_class = len(values) == 2 if classes is None else marker in list(classes)
    if marked.any() and not is_class:
        known[known] = labels[known] != marker
        values = values[~marked]
    codes = np.full(n_samples, len(values), dtype=np.intp)
    codes[known] = np.searchsorted(values, labels[known])
    return GoldLabels(values, codes)


def _as_labels(y: Any) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.dtype.kind in "US" and isinstance(y, list | tuple):
        # NumPy writes a list's None and NaN as strings.
        return np.array(y, dtype=object)
    return labels


def _missing_mask(labels: NDArray[Any]) -> NDArray[np.bool_]:
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind != "O":
        return np.zeros(len(labels), dtype=bool)
    import pandas as pd

    return np.asarray(pd.isna(labels))


def _distinct_labels(labels: NDArray[Any]) -> NDArray[Any]:
    if not len(labels):
        return np.array([], dtype=np.intp)
    if labels.dtype.kind == "O":
        if len({isinstance(label, str) for label in labels}) > 1:
            raise ValueError("y mixes numbers with strings; write every class label in one way.")
        if not isinstance(labels[0], str):
            labels = np.array(labels.tolist())
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return np.unique(labels)

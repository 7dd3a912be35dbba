"""Gold labels and weights of rows, read; and labelled rows, counted."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples

from .._utils import check_row_order, kind_of, largest_exact, listed, quoted
from .._utils.spelling import marks
from .codes import GoldLabels, is_text, no_gold
from .containers import loses_cells, without_masked

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, VoteMatrix


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
LABELS = (str, bytes, numbers.Number, np.generic)
# Fractional weights are rounded to multiples of this: so sums of them, in whatever order, have no rounding error.
GRID = 2.0**-24


def read_labels(
    L: VoteMatrix,
    y: LabelsLike | None,
    sample_weight: ArrayLike | None,
    classes: Iterable[Hashable] | None,
) -> tuple[GoldLabels, NDArray[np.float64] | None]:
    """Gold labels and weights of the rows of L, as `fit` takes them; None where there are no weights."""
    check_row_order(L=L, y=y, sample_weight=sample_weight)
    n_samples = _num_samples(L)
    weight = None if sample_weight is None else read_weights(sample_weight, n_samples)
    return read_gold(y, n_samples, classes=classes, weight=weight), weight


def read_gold(
    y: LabelsLike | None,
    n_samples: int,
    *,
    classes: Iterable[Hashable] | None = None,
    weight: NDArray[np.float64] | None = None,
) -> GoldLabels:
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
    weight : ndarray of shape (n_samples,), default=None
        Of the rows; labels of rows of weight 0 are not looked at.

    Raises
    ------
    ValueError
        y has another length, is continuous, infinite, or mixes numbers with strings.
    TypeError
        A label that is neither a number nor a string.
    """
    if y is None:
        return no_gold(n_samples)
    labels = column_or_1d(_as_labels(y), warn=True)
    if len(labels) != n_samples:
        more = " If y has the index of the rows that it labels, pass y.reindex(L.index)."
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: L has {n_samples} rows, "
            f"y has {len(labels)} labels. Mark rows without a gold label with -1 or a missing value."
            + (more if hasattr(y, "reindex") else "")
        )
    known = ~_missing_mask(labels)
    if weight is not None:
        known &= weight > 0
    _check_kinds(labels, known)
    if labels.dtype.kind == "O" and is_text(labels):
        known[known] = [isinstance(gold, str) or gold != UNLABELLED for gold in labels[known]]
    values = _distinct_labels(labels[known])
    is_label = which_are_labels(values, classes)
    if not is_label.all():
        known[known] = labels[known] != unlabelled_mark(values)
        values = values[is_label]
    codes = np.full(n_samples, len(values), dtype=np.intp)
    codes[known] = np.searchsorted(values, labels[known])
    return GoldLabels(values, codes)


def unlabelled_mark(values: NDArray[Any]) -> Any:
    """What marks rows without a gold label among labels like these."""
    return str(UNLABELLED) if is_text(values) else UNLABELLED


def which_are_labels(values: NDArray[Any], classes: Iterable[Hashable] | None) -> NDArray[np.bool_]:
    """Which of y's distinct values are labels: all but -1, which is a class under the conditions of `read_gold`."""
    mark = unlabelled_mark(values)
    is_class = len(values) == 2 if classes is None else mark in list(classes)
    return np.asarray(is_class | (values != mark))


def _as_labels(y: LabelsLike | Iterable[Hashable]) -> NDArray[Any]:
    """Labels as an array that holds each as it was written."""
    if isinstance(y, Mapping):
        raise TypeError(
            f"y is {kind_of(y)}; pass pandas.Series(y).reindex(L.index), a label for each row of L in order."
        )
    if np.ma.isMaskedArray(y):
        return without_masked(y)
    if hasattr(y, "to_pylist"):
        y = y.to_pylist()
    elif hasattr(y, "null_count") and hasattr(y, "to_list"):
        y = y.to_list()
    elif isinstance(y, ValuesView | Iterator):
        y = list(y)
    if isinstance(y, list | tuple):
        return _of_list(y)
    # Of a nullable or categorical column NumPy would make floats.
    exact = hasattr(y, "iloc") and not isinstance(getattr(y, "dtype", np.dtype(int)), np.dtype)
    labels = np.asarray(y, dtype=object if exact else None)
    return labels.astype(object) if labels.dtype.kind == "T" else labels


def _of_list(labels: Sequence[object]) -> NDArray[Any]:
    array = np.asarray(labels)
    # NumPy writes a list's None and NaN as strings, and rounds whole numbers beside NaN.
    return np.array(labels, dtype=object) if loses_cells(array) else array


def _check_kinds(labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
    """Raise a TypeError that names the first label which is neither a number nor a string."""
    kinds = {*map(type, labels[known].tolist())} if labels.dtype.kind == "O" else set()
    for kind in kinds:
        if not issubclass(kind, LABELS):
            row = next(row for row in np.flatnonzero(known) if type(labels[row]) is kind)
            label = labels[row]
            raise TypeError(
                f"y, row {row}: the label {quoted(label)} is {kind_of(label)}; a label is a number or a string. "
                "Put None where there is none."
            )


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
            raise ValueError(f"y mixes numbers with strings; {_remedy_of_mixture(labels)}.")
        if not isinstance(labels[0], str):
            labels = np.array(labels.tolist())
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
        _check_exact(labels)
    check_classification_targets(labels)
    return np.unique(labels)


def _check_exact(labels: NDArray[Any]) -> None:
    exact = largest_exact(labels.dtype)
    if (np.abs(labels) >= exact).any():
        raise ValueError(
            f"y holds {labels[np.abs(labels) >= exact][0]:.0f}, and floats of its kind are rounded from {exact:.0f} "
            "on. Write labels as integers (None where there is none) or strings."
        )


def _remedy_of_mixture(labels: NDArray[Any]) -> str:
    texts = sorted({label for label in labels if isinstance(label, str)})
    odd = marks(texts)
    if len(odd) < len(texts):
        return "write every class label in one way"
    shown = listed([quoted(text) for text in texts], 5)
    return f"if {shown} means that a row has no label, replace it by None; else write every class label in one way"


# Weights ------------------------------------------------------------------------------------------


def read_weights(sample_weight: ArrayLike, n_samples: int) -> NDArray[np.float64]:
    """Read the weights of rows.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or scalar
    n_samples : int

    Returns
    -------
    weight : ndarray of shape (n_samples,), dtype float64
        Whole numbers as they are, others rounded to a multiple of 2^-24.

    Raises
    ------
    ValueError
        Another number of weights than rows; weights that are no numbers, negative, missing or infinite.
    """
    weight = _as_numbers(sample_weight)
    weight = np.full(n_samples, weight) if weight.ndim == 0 else column_or_1d(weight)
    if len(weight) != n_samples:
        raise ValueError(
            f"sample_weight.shape == ({len(weight)},), expected ({n_samples},): L has {n_samples} rows. Give a weight "
            "for each."
        )
    unfit = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    if len(unfit):
        raise ValueError(
            f"sample_weight, row {unfit[0]}: {weight[unfit[0]]} is no weight. A weight says how many rows a row stands "
            "for: a number from 0 on."
        )
    return np.asarray(np.rint(weight / GRID) * GRID)


def _as_numbers(sample_weight: ArrayLike) -> NDArray[np.float64]:
    """Weights as floats, NaN where they are masked."""
    given = sample_weight
    if np.ma.isMaskedArray(given):
        given = without_masked(given)
    weight = np.asarray(given)
    try:
        if weight.dtype.kind in "biufO":
            return weight.astype(np.float64)
    except (TypeError, ValueError):
        pass
    cells = weight.ravel().tolist()
    wrong = next((cell for cell in cells if not isinstance(cell, numbers.Real)), weight)
    raise ValueError(
        f"sample_weight holds {quoted(wrong)}, which is no weight. A weight says how many rows a row stands for: a "
        "number from 0 on."
    )


def check_any_weight(total: float) -> None:
    """Raise a ValueError where no row counts.

    Parameters
    ----------
    total : float
        The sum of all weights.
    """
    if not total:
        raise ValueError(
            "All weights in sample_weight are zero (as is what is below 2^-25), so no row is left to learn from."
        )

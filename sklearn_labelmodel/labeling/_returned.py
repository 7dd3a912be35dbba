"""What labeling functions return: checked, typed, and joined into a matrix of votes."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._utils import quoted
from ._records import LabelingFunctionError, Records, missing, object_array

if TYPE_CHECKING:
    from .._utils.types import LabelsLike

_VOTE_TYPES = (str, bytes, numbers.Number, np.generic, type(None), type(pd.NA), type(pd.NaT))


def votes_of_rows(votes: list[object], records: Records, name: str) -> np.ndarray:
    """Make an array of what a labeling function returned row by row.

    Parameters
    ----------
    votes : list of n_samples class labels or missing values
    records : Records
        The rows voted on, for the error message.
    name : str
        The labeling function's.

    Returns
    -------
    votes : ndarray of shape (n_samples,)
        Numbers if all votes are of one numeric type, else of dtype object with None as missing.
    """
    return _typed(object_array(votes), records, name)


def votes_of_batch(votes: LabelsLike, records: Records, name: str) -> np.ndarray:
    """Make an array of what a vectorized labeling function returned.

    Parameters
    ----------
    votes : array-like of shape (n_samples,)
    records : Records
    name : str

    Returns
    -------
    votes : ndarray of shape (n_samples,)
        As from :func:`votes_of_rows`.
    """
    _check_order(votes, records, name)
    array = _one_dimensional(votes, name)
    if len(array) != len(records):
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned {len(array)} votes for "
            f"{len(records)} rows. Return one vote for each row, None to abstain."
        )
    return (
        array
        if array.dtype.kind in "biuf"
        else _typed(array.astype(object, copy=True), records, name)
    )


def _typed(votes: np.ndarray, records: Records, name: str) -> np.ndarray:
    types = set(map(type, votes.tolist()))
    for wrong in types:
        if not issubclass(wrong, _VOTE_TYPES):
            position = next(i for i, vote in enumerate(votes) if type(vote) is wrong)
            raise LabelingFunctionError(
                f"labeling function {quoted(name)} returned {quoted(votes[position])} "
                f"({wrong.__name__}) for {records.where(position)}, which is no class label. "
                "Return one number or string, or None to abstain."
            )
    if len(types) == 1 and issubclass(next(iter(types)), (bool, int, float, np.number, np.bool_)):
        numeric = np.asarray(votes.tolist())
        if numeric.dtype.kind in "biuf":
            return numeric
    if not types <= {str, int, bool, type(None)}:
        votes[missing(votes)] = None
    return votes


def _check_order(votes: LabelsLike, records: Records, name: str) -> None:
    pandas = isinstance(records.data, (pd.DataFrame, pd.Series))
    if isinstance(votes, pd.Series) and pandas and not votes.index.equals(records.data.index):
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned a Series whose index is not that of "
            "X, so its votes may belong to other rows. Return it with X's index, or as "
            "`.to_numpy()` if it is in the order of X."
        )


def _one_dimensional(votes: Any, name: str) -> np.ndarray:
    if isinstance(votes, (list, tuple)):
        return object_array(votes)
    if np.ma.isMaskedArray(votes) and votes.ndim == 1:
        return object_array(votes.tolist())
    if hasattr(votes, "to_pylist") and np.ndim(votes) == 1:
        return object_array(votes.to_pylist())
    if isinstance(votes, pd.Series) and not isinstance(votes.dtype, np.dtype):
        return votes.to_numpy(dtype=object)
    if isinstance(votes, (str, bytes)) or not hasattr(votes, "__array__") or np.ndim(votes) != 1:
        shape = f" of shape {votes.shape}" if hasattr(votes, "shape") else ""
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned {type(votes).__name__}{shape}, not a "
            "one-dimensional array of votes. Return one vote for each row of the batch, or use "
            "vectorized=False for a function of one row."
        )
    if hasattr(votes, "null_count") and votes.null_count():
        return object_array(list(votes))
    return np.asarray(votes)


def vote_matrix(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Join columns of votes, each vote with the type that it has.

    Parameters
    ----------
    columns : list of n_lfs ndarrays of shape (n_samples,)

    Returns
    -------
    L : ndarray of shape (n_samples, n_lfs)
        Numbers if all columns are numbers of one kind, else of dtype object with None as
        abstentions.
    """
    if len({column.dtype.kind for column in columns}) == 1 and columns[0].dtype.kind != "O":
        return np.column_stack(columns)
    # Label models read column by column, and so is it filled.
    matrix = np.empty((len(columns[0]), len(columns)), dtype=object, order="F")
    for position, column in enumerate(columns):
        matrix[:, position] = column
        if column.dtype.kind == "f":
            matrix[np.isnan(column), position] = None
    return matrix

"""Votes of records that lie on the workers of Dask or Spark."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._engines.source import Frame
from .._utils import quoted
from .._utils.tables import is_arrow
from ._records import LabelingFunctionError, Records

if TYPE_CHECKING:
    import pyarrow as pa

# So many rows tell of what kind votes are, if any of them gets one.
FIRST_ROWS = 1000
DTYPES = {
    "texts": np.dtype(object),
    "booleans": pd.BooleanDtype(),
    "whole numbers": pd.Int64Dtype(),
    "numbers": pd.Float64Dtype(),
}

Vote = Callable[[Any], Sequence[np.ndarray]]


class Kinds(frozenset[str]):
    """Kinds of votes that occurred; of parts of the rows they add up."""

    def __add__(self, other: Kinds) -> Kinds:
        return Kinds(self | other)


def lazy_votes(frame: Frame, names: list[str], vote: Vote, keep: Sequence[Hashable]) -> Frame:
    """Votes of a Dask or Spark DataFrame as another one, computed when it is asked for.

    Parameters
    ----------
    frame : Frame
    names : list of n_lfs str
    vote : callable
        From a pandas DataFrame of records to n_lfs arrays of votes.
    keep : list
        Columns that go along.

    Returns
    -------
    votes : Dask or Spark DataFrame
        Columns of one type: strings, or numbers or booleans that may be missing.

    Raises
    ------
    LabelingFunctionError
        As `vote` does on the first rows; votes of unlike kinds.
    """
    kinds = _kinds_of(vote(frame.head(FIRST_ROWS)))
    if not kinds:
        kinds = frame.count(partial(_count_kinds, vote), frame.columns)
    kind = _one_kind(kinds)
    made = partial(_votes_of_kind, vote, names, kind)
    return frame.map(made, frame.columns, dict.fromkeys(names, DTYPES[kind]), keep)


def _count_kinds(
    vote: Vote,
    block: pa.Table | pd.DataFrame,
    weight: np.ndarray | None = None,  # noqa: ARG001
) -> Kinds:
    return _kinds_of(vote(_as_pandas(block)))


def _votes_of_kind(
    vote: Vote, names: list[str], kind: str, block: pa.Table | pd.DataFrame
) -> dict[str, np.ndarray]:
    records = _as_pandas(block)
    columns = dict(zip(names, vote(records), strict=True))
    for name, votes in columns.items():
        _check_kind(votes, kind, name, Records(records))
    return {name: _with_none(votes) for name, votes in columns.items()}


def _as_pandas(block: pa.Table | pd.DataFrame) -> pd.DataFrame:
    return block.to_pandas() if is_arrow(block) else block


def _with_none(votes: np.ndarray) -> np.ndarray:
    objects = votes.astype(object)
    objects[pd.isna(objects)] = None
    return objects


def _distinct(votes: np.ndarray) -> list[Any]:
    """The votes that are none of them missing, each once."""
    return [vote for vote in pd.unique(_with_none(votes)) if vote is not None]


def _kinds_of(columns: Sequence[np.ndarray]) -> Kinds:
    return Kinds(_kind(vote) for votes in columns for vote in _distinct(votes))


def _kind(vote: str | float) -> str:
    if isinstance(vote, str):
        return "texts"
    if isinstance(vote, bool | np.bool_):
        return "booleans"
    return "whole numbers" if float(vote).is_integer() else "numbers"


def _one_kind(kinds: Kinds) -> str:
    """The kind of a column that holds all of these."""
    if not kinds:
        return "texts"
    numbers = kinds <= {"whole numbers", "numbers"}
    if len(kinds) > 1 and not numbers:
        raise LabelingFunctionError(
            f"labeling functions return {' and '.join(sorted(kinds))}, and a column has one type. Return class "
            "labels of one kind."
        )
    return "numbers" if "numbers" in kinds else next(iter(kinds))


def _check_kind(votes: np.ndarray, kind: str, name: str, records: Records) -> None:
    """Refuse a vote of another kind than the first rows had."""
    fit = {kind, "whole numbers"} if kind == "numbers" else {kind}
    for value in _distinct(votes):
        if _kind(value) not in fit:
            position = next(row for row, vote in enumerate(votes) if vote == value)
            raise LabelingFunctionError(
                f"labeling function {quoted(name)} returned {quoted(value)} for {records.where(position)}, and the "
                f"votes of the first rows are {kind}. Return class labels of one kind."
            )

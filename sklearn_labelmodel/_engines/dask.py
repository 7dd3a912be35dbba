"""DataFrames and Arrays of Dask: counted by partitions on the workers, and added up there in a tree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils import quoted
from .blocks import Piece, count_pieces, total, with_place
from .source import Counted, Frame, Makes, OfBlock, Progress, Schema, Source, Sum

if TYPE_CHECKING:
    import pandas as pd
    from dask.delayed import Delayed

# Results that one task adds up.
FAN_IN = 8
PLACE = "Partition"


class DaskFrameSource(Frame):
    """A Dask DataFrame."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.columns = list(frame.columns)

    def head(self, n_rows: int) -> pd.DataFrame:
        return self.frame.head(n_rows, npartitions=-1)

    def _count(
        self, of_block: OfBlock[Sum], columns: list[Any], progress: Progress | None
    ) -> Counted[Sum] | None:
        parts = self.frame[columns].to_delayed()
        try:
            return total([_sum(of_block, parts, columns)], progress)
        except Exception as error:
            fault = None if PLACE in str(error) else _fault(self.frame, columns)
            if fault is None:
                raise
            raise ValueError(fault) from error

    def _map(self, of_block: Makes, columns: list[Any], schema: Schema, keep: list[Any]) -> Any:
        import pandas as pd

        meta = self.frame._meta[keep].assign(
            **{name: pd.Series(dtype=_pandas_type(dtype)) for name, dtype in schema.items()}
        )
        function = partial(_map_frame, of_block, columns, keep, meta)
        return self.frame[list(dict.fromkeys([*columns, *keep]))].map_partitions(
            function, partition_info=None, meta=meta, enforce_metadata=False
        )


class DaskArraySource(Source):
    """A Dask Array of shape (n_rows, n_columns)."""

    named = False

    def __init__(self, array: Any) -> None:
        if array.ndim != 2:
            raise ValueError(
                f"Expected a Dask array of two dimensions, a column for each LF; got {array.ndim}."
            )
        self.array = array
        self.columns = list(range(array.shape[1]))

    def _count(
        self, of_block: OfBlock[Sum], columns: list[int], progress: Progress | None
    ) -> Counted[Sum] | None:
        return total([_sum(of_block, self._of(columns).to_delayed().ravel(), None)], progress)

    def _map(self, of_block: Makes, columns: list[int], schema: Schema, _keep: list[Any]) -> Any:
        array = self._of(columns)
        dtype = np.result_type(*(np.dtype(dtype) for dtype in schema.values()))
        return array.map_blocks(
            partial(_map_array, of_block, list(schema), dtype),
            chunks=(array.chunks[0], (len(schema),)),
            dtype=dtype,
            meta=np.empty((0, 0), dtype=dtype),
        )

    def _of(self, columns: list[int]) -> Any:
        array = self.array if columns == self.columns else self.array[:, columns]
        return array.rechunk({1: -1})


def _sum(
    of_block: OfBlock[Sum], parts: Sequence[Delayed], columns: list[Any] | None
) -> Counted[Sum] | None:
    from dask.delayed import delayed

    shared = delayed(of_block, traverse=False)
    count, add_up = delayed(_count_part), delayed(total)
    sums = [count(shared, part, columns, number) for number, part in enumerate(parts)]
    while len(sums) > 1:
        sums = [add_up(sums[start : start + FAN_IN]) for start in range(0, len(sums), FAN_IN)]
    return sums[0].compute() if sums else None


def _count_part(
    of_block: OfBlock[Sum], rows: Any, columns: list[Any] | None, number: int
) -> Counted[Sum] | None:
    """What is counted of a partition; None where it is empty."""
    place = f"{PLACE} {number}"
    if columns is not None and list(rows.columns) != columns:
        raise ValueError(f"{place} has the columns {list(rows.columns)}, and not {columns}.")
    return count_pieces(of_block, [Piece(rows, place)], rows.shape[1])


def _fault(frame: Any, columns: list[Any]) -> str | None:
    """What is wrong with the first partition that cannot be read, or is without one of the columns."""
    for number, part in enumerate(frame.to_delayed()):
        try:
            names = list(part.columns.compute())
        except Exception as error:
            told = str(error).rstrip(".")
            return (
                f"{PLACE} {number} cannot be read: {told}. Write its file again, or leave it out."
            )
        missing = [name for name in columns if name not in names]
        if missing:
            return (
                f"{PLACE} {number} has no column {quoted(missing[0])}; its columns are {names}. Give every partition "
                "the same columns."
            )
    return None


def _map_frame(
    of_block: Makes,
    columns: list[Any],
    keep: list[Any],
    meta: pd.DataFrame,
    rows: pd.DataFrame,
    partition_info: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """The frame of what is made of a partition, after the columns that are kept."""
    if not len(rows):
        return meta
    number, votes = (partition_info or {}).get("number", 0), rows[columns]
    made = with_place(of_block, votes, [Piece(votes, f"{PLACE} {number}")])
    frame = rows[keep].assign(**made)
    return frame.astype({name: meta.dtypes[name] for name in made})


def _map_array(
    of_block: Makes,
    names: list[str],
    dtype: np.dtype[Any],
    rows: np.ndarray,
    block_info: Any = None,
) -> np.ndarray:
    if not len(rows):
        return np.empty((0, len(names)), dtype=dtype)
    number = block_info[0]["chunk-location"][0] if block_info else 0
    made = with_place(of_block, rows, [Piece(rows, f"{PLACE} {number}")])
    return np.column_stack([made[name] for name in names]).astype(dtype, copy=False)


def _pandas_type(dtype: Any) -> Any:
    if hasattr(dtype, "numpy_dtype"):
        return dtype
    return "string" if np.dtype(dtype).kind in "OUT" else np.dtype(dtype)

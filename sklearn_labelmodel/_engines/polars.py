"""LazyFrames of polars, which its streaming engine computes a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .blocks import Piece, Pieces, are_alike, rows_of_a_block
from .source import Progress
from .stream import N_ROWS, TRIAL_ROWS, GroupedStream

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class LazyFrameSource(GroupedStream):
    """A polars LazyFrame."""

    def __init__(self, frame: pl.LazyFrame) -> None:
        if not hasattr(frame, "collect_batches"):
            raise ImportError(
                "polars 1.34 or later reads a LazyFrame in batches. Install it, or pass L.collect()."
            )
        self.frame = frame
        with _told():
            self.columns = frame.collect_schema().names()

    def schema(self) -> pa.Schema:
        return self.frame.head(0).collect().to_arrow().schema

    def pieces(self, columns: Sequence[str]) -> Pieces:
        first_row = 0
        for frame in _batches(self.frame.select(columns), len(columns)):
            yield Piece(frame.to_arrow(), first_row=first_row)
            first_row += frame.height

    def groups(self, columns: Sequence[str], _progress: Progress | None) -> Pieces | None:
        votes = self.frame.select(columns)
        with _told():
            trial = votes.head(TRIAL_ROWS).collect(engine="streaming")
        if not are_alike(trial.n_unique() if trial.height else 1, trial.height):
            return None
        names = {name: f"column_{place}" for place, name in enumerate(columns)}
        grouped = votes.rename(names).group_by(list(names.values())).len(name=N_ROWS)
        return _renamed(grouped, columns)


def _renamed(grouped: pl.LazyFrame, columns: Sequence[str]) -> Pieces:
    for frame in _batches(grouped, len(columns), maintain_order=False):
        yield Piece(frame.to_arrow().rename_columns([*columns, N_ROWS]))


def _batches(
    frame: pl.LazyFrame, n_columns: int, *, maintain_order: bool = True
) -> Iterator[pl.DataFrame]:
    with _told():
        yield from frame.collect_batches(
            chunk_size=rows_of_a_block(n_columns),
            maintain_order=maintain_order,
            engine="streaming",
        )


@contextmanager
def _told() -> Iterator[None]:
    """What polars cannot compute, as a ValueError with a way to find the file, which polars seldom names."""
    from polars.exceptions import PanicException, PolarsError

    try:
        yield
    except (PolarsError, PanicException) as error:
        raise ValueError(
            f"polars cannot compute the LazyFrame: {str(error).rstrip('.')}. Where that names no file, pass "
            "pyarrow.dataset.dataset(FOLDER) in place of the LazyFrame: its errors do."
        ) from error

"""Vote codes a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from ._votes import SURVEY_CELLS, Votes


def vote_blocks(votes: Votes, cells_per_vote: int = 1) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The vote codes of each block of rows, shape (n_lfs, rows of the block)."""
    n_rows = max(1, SURVEY_CELLS // (votes.n_lfs * cells_per_vote))
    for start in range(0, votes.n_samples, n_rows):
        rows = slice(start, min(start + n_rows, votes.n_samples))
        yield rows, votes.block(rows.start, rows.stop)

"""Cells of a column of scores, read as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read_scores(column: pd.Series) -> pd.Series:
    """Numbers, missing where a cell is empty.

    Raises
    ------
    ValueError
        A cell that is no number.
    """
    import pandas as pd

    cells = column.map(lambda cell: (cell.strip() or None) if isinstance(cell, str) else cell)
    scores = pd.to_numeric(cells, errors="coerce")
    wrong = scores.isna() & cells.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise ValueError(
            f"column {column.name!r}, row {row}: {cells[row]!r} is no number, and --scores names the column. "
            "Leave the cell empty where there is no score. (Row 0 is the first after the header.)"
        )
    return scores.astype(float)

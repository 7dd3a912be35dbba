"""Cells of a table as votes, scores, classes and shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._utils.spelling import is_word_for_no_vote

if TYPE_CHECKING:
    import pandas as pd
from .words import BadInputError


def _read_cells(column: pd.Series, abstain: Sequence[str]) -> pd.Series:
    """Votes or labels, missing where there is none: whole numbers where all of a column are, else as they are."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    cells: list[Any] = [
        cell.strip() if isinstance(cell, str) else cell for cell in distinct.tolist()
    ]
    silent = [_is_abstain(cell, abstain) for cell in cells]
    numbers = [None if skip else _number(cell) for cell, skip in zip(cells, silent, strict=True)]
    words = [cell for cell, number in zip(cells, numbers, strict=True) if number is None]
    if all(_is_abstain(word, abstain) or _is_mark(word) for word in words):
        # Beside a mark, numbers are read as in the other columns, so that the mark is told.
        cells = [
            cell if number is None else number for cell, number in zip(cells, numbers, strict=True)
        ]
    votes = [None if skip else cell for cell, skip in zip(cells, silent, strict=True)]
    whole = all(skip or type(vote) is int for vote, skip in zip(votes, silent, strict=True))
    # The last entry serves the code -1, a missing cell.
    table = pd.Series([*votes, None], dtype="Int64" if whole else object)
    return table.take(codes).set_axis(column.index)


def _read_scores(column: pd.Series, path: Path) -> pd.Series:
    """Numbers, missing where a cell is empty."""
    import pandas as pd

    cells = column.map(lambda cell: (cell.strip() or None) if isinstance(cell, str) else cell)
    scores = pd.to_numeric(cells, errors="coerce")
    wrong = scores.isna() & cells.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise BadInputError(
            f"{path}: column {column.name!r}, row {row}: {cells[row]!r} is no number, and --scores names the column. "
            "Leave the cell empty where there is no score. (Row 0 is the first after the header.)"
        )
    return scores.astype(float)


def _read_balance(pairs: Sequence[str]) -> dict[Any, float]:
    """Share of each class, from pairs such as "spam=0.1"."""
    split = [pair.rpartition("=") for pair in pairs]
    shares = [_number("0" + share if share.startswith(".") else share) for _, _, share in split]
    for pair, (name, _, _), share in zip(pairs, split, shares, strict=True):
        if not name or share is None:
            raise BadInputError(
                f"--class-balance {pair!r} is no class and its share, such as spam=0.1."
            )
    names = _read_classes([name for name, _, _ in split])
    for name in names:
        if names.count(name) > 1:
            raise BadInputError(f"--class-balance gives the share of {name!r} more than once.")
    return dict(zip(names, [float(share) for share in shares if share is not None], strict=True))


def _read_classes(names: Sequence[str]) -> list[Any]:
    """Classes given on the command line, read as cells are."""
    import pandas as pd

    return _read_cells(pd.Series(names), abstain=()).tolist()


def _is_abstain(cell: Any, abstain: Sequence[str]) -> bool:
    number = _number(cell)
    return cell in ("", *abstain) or (
        number is not None and number in [_number(marker) for marker in abstain]
    )


def _is_mark(cell: Any) -> bool:
    return isinstance(cell, str) and is_word_for_no_vote(cell)


def _number(cell: Any) -> int | float | None:
    """The number that a cell is; None for a text that would lose something, such as "01" or "nan"."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return int(cell) if cell == cell // 1 else cell
    if not isinstance(cell, str) or not re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d+)?", cell):
        return None
    whole, _, fraction = cell.partition(".")
    return float(cell) if fraction.strip("0") else int(whole)

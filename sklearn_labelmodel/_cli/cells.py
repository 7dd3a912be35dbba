"""Cells of a table as votes, scores, classes and shares."""

from __future__ import annotations

import csv
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from .._utils import quoted
from .._utils.spelling import is_word_for_no_vote, spelling
from .messages import ROW_0, BadInputError

LARGEST, ESTIMATE = 2**63, "estimate"
# NumPy's kinds, and what holds them beside missing values.
NULLABLE: dict[str, Any] = {"i": "Int64", "u": "UInt64", "f": "Float64", "b": "boolean"}


@dataclass(frozen=True)
class CellReader:
    """How cells become votes.

    Attributes
    ----------
    abstain : tuple of str
        What means "no vote", besides an empty cell.
    normalize : bool
        Whether texts that differ in spelling only are one.
    as_text : bool
        Whether numbers stay texts, as a model that was trained on texts wants them.
    """

    abstain: tuple[str, ...] = ()
    normalize: bool = False
    as_text: bool = False

    @property
    def marks(self) -> list[Any]:
        """What means "no vote", numbers as such."""
        return [as_number(mark) for mark in self.abstain]

    def votes(self, column: pd.Series) -> pd.Series:
        """Votes or labels, missing where there is none: whole numbers where all of a column are, else as they are.

        Parameters
        ----------
        column : Series
            Cells of any kind.

        Returns
        -------
        votes : Series of dtype category
        """
        codes, distinct = pd.factorize(column)
        values = self.values(distinct.tolist())
        kept = list(dict.fromkeys(value for value in values if value is not None))
        place = {value: code for code, value in enumerate(kept)} | {None: -1}
        # The last entry serves the code -1, a missing cell.
        recoded = np.array([*(place[value] for value in values), -1])[codes]
        categories = pd.Index(kept, dtype=_kind(kept))
        cells = pd.Categorical.from_codes(recoded, categories=categories)
        return pd.Series(cells, index=column.index, name=column.name)

    def labels(self, column: pd.Series) -> pd.Series:
        """Gold labels, read as votes are; whole numbers beside missing ones stay whole."""
        votes = self.votes(column)
        return votes.astype(NULLABLE.get(votes.cat.categories.dtype.kind, object))

    def values(self, cells: Sequence[object]) -> list[Any]:
        """What some distinct cells say, None where they say nothing."""
        texts = [self._text(cell) for cell in cells]
        said = [None if self._is_abstain(text) else text for text in texts]
        if self.as_text:
            return [None if cell is None else str(cell) for cell in said]
        words = [cell for cell in said if cell is not None and number_of(cell) is None]
        # Beside a mark, numbers are read as in the other columns, so that the mark is told.
        return [as_number(cell) for cell in said] if all(map(is_mark, words)) else said

    def _text(self, cell: object) -> object:
        if not isinstance(cell, str):
            return cell
        return spelling(cell) if self.normalize and cell.strip() else cell.strip()

    def _is_abstain(self, cell: object) -> bool:
        number = number_of(cell)
        marks = [self._text(mark) for mark in self.abstain]
        return cell in ("", *marks) if number is None else number in map(number_of, marks)


def _kind(values: Sequence[Any]) -> str:
    """The dtype of some distinct votes; numbers of unlike types, and numbers beside words, stay as they are."""
    kinds = {type(value) for value in values}
    if kinds == {int} and max(map(abs, values)) < LARGEST:
        return "int64"
    return "bool" if kinds == {bool} else "object"


def is_mark(cell: object) -> bool:
    """Whether a cell is a word for no vote."""
    return isinstance(cell, str) and is_word_for_no_vote(cell)


def number_of(cell: object) -> int | float | None:
    """The number that a cell is; None for a text that would lose something, such as "01" or "nan"."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return int(cell) if cell == cell // 1 else cell
    if not isinstance(cell, str) or not re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d+)?", cell):
        return None
    whole, _, fraction = cell.partition(".")
    return float(cell) if fraction.strip("0") else int(whole)


def as_number(cell: object) -> Any:
    """The number that a cell is, or else the cell."""
    number = number_of(cell)
    return cell if number is None else number


# Scores -------------------------------------------------------------------------------------------


def read_scores(
    column: pd.Series, name: str, reader: CellReader, *, decimal_comma: bool
) -> pd.Series:
    """Numbers, missing where a cell is empty or holds a word for no vote; per cents are numbers.

    Raises
    ------
    BadInputError
        A cell that is no number.
    """
    if column.dtype.kind == "f":
        return column.astype(float)
    words = {mark for mark in reader.marks if isinstance(mark, str)}
    cells = column.map(lambda cell: _score_cell(cell, words, decimal_comma))
    scores = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = scores.isna() & cells.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise BadInputError(
            f"{name}: column {quoted(column.name)}, row {column.index[row]}: {quoted(cells.iloc[row])} is no number, "
            f"and --scores names the column. Leave the cell empty where there is no score. {ROW_0}"
        )
    return scores


def _score_cell(cell: object, words: set[str], decimal_comma: bool) -> object:
    if not isinstance(cell, str):
        return cell
    if cell.strip() in words:
        return None
    number = cell.strip().removesuffix("%").strip()
    return (number.replace(",", ".") if decimal_comma else number) or None


# What is typed ------------------------------------------------------------------------------------


def split_words(words: Sequence[str]) -> list[str]:
    """Words that are typed with blanks or commas between; quotes hold together what has a comma in it."""
    parts = [part.strip() for row in csv.reader(words, skipinitialspace=True) for part in row]
    return [part for part in parts if part] if any(parts) else list(words)


def read_balance(words: Sequence[str], reader: CellReader) -> dict[Hashable, float] | str:
    """Share of each class, from words such as "spam=0.1" and "cat=50%,dog=50%"; "estimate" stays as it is."""
    if list(words) == [ESTIMATE]:
        return ESTIMATE
    names, shares = [], []
    for pair in split_words(words):
        name, _, written = pair.rpartition("=")
        share = _share(written)
        if not name.strip() or share is None:
            raise BadInputError(
                f"--class-balance {quoted(pair)} is no class and its share, such as spam=0.1 or "
                "spam=10% (with a point, no comma, in the number)."
            )
        if share > 1:
            raise BadInputError(
                f"--class-balance {quoted(pair)}: a share is at most 1; write {written.strip()}% "
                "for parts of a hundred."
            )
        names.append(name.strip())
        shares.append(share)
    classes = read_classes(names, reader)
    for name in classes:
        if classes.count(name) > 1:
            raise BadInputError(
                f"--class-balance gives the share of {quoted(name)} more than once."
            )
    return dict(zip(classes, shares, strict=True))


def _share(written: str) -> float | None:
    number = written.strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", number):
        return None
    return float(number) / (100 if written.strip().endswith("%") else 1)


def read_classes(names: Sequence[str], reader: CellReader) -> list[Any]:
    """Classes given on the command line, read as cells are."""
    return replace(reader, abstain=()).values(names)

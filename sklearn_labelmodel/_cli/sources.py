"""Tables of any format, read in blocks of rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, TypeVar

from .._utils import quoted
from .content import PARQUET, WORKBOOKS, Content
from .parquet import read_file, read_folder
from .source import BLOCK, Source, naming
from .terminal import progress
from .texts import (
    SEPARATORS,
    check_encoding,
    check_separator,
    open_text,
    read_rows,
    sniff_encoding,
    sniff_separator,
)
from .words import BadInputError, one_line

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Row = TypeVar("Row")

JSON_LINES = (".jsonl", ".ndjson", ".json")
PLAIN = ("utf-8", "utf-8-sig")


def open_source(content: Content, separator: str | None, encoding: str | None) -> Source:
    """Find out what a file is, and how its table is to be read.

    Raises
    ------
    BadInputError
        What is no table, or cannot be read.
    """
    with naming(content.name):
        if content.folder is not None:
            return read_folder(content.folder)
        if content.starts_with(PARQUET):
            return read_file(content)
        return _text(content, separator, encoding)


# Texts --------------------------------------------------------------------------------------------


def _text(content: Content, separator: str | None, encoding: str | None) -> Source:
    if content.starts_with(*WORKBOOKS):
        raise BadInputError(
            f"{content.name} is a workbook or an archive, no table of text. Save the table as CSV (in Excel: Save As, "
            "CSV UTF-8)."
        )
    written = check_encoding(encoding) if encoding else sniff_encoding(content)
    with open_text(content, written) as (lines, _):
        head = lines.read(BLOCK)
    if "\0" in head:
        raise BadInputError(f"{content.name} is no text, nor any other table that can be read.")
    if not head.strip():
        raise BadInputError(f"{content.name}: the file is empty.")
    notes = [] if encoding or written in PLAIN else [_note_on(written)]
    if content.suffix in JSON_LINES or (not content.suffix and head.lstrip().startswith("{")):
        return _json_lines(content, written, notes)
    return _separated(content, written, separator, notes, is_tabbed=content.suffix == ".tsv")


def _note_on(encoding: str) -> str:
    if encoding in ("cp1252", "latin-1"):
        return f"no UTF-8, so read as {encoding}; if signs look wrong, pass --encoding"
    return f"read as {encoding}"


def _separated(
    content: Content, encoding: str, separator: str | None, notes: list[str], *, is_tabbed: bool
) -> Source:
    if separator is not None:
        sign = check_separator(separator)
    else:
        sign = "\t" if is_tabbed else sniff_separator(content, encoding)
        if sign != "," and not is_tabbed:
            notes = [*notes, f"cells are separated by {SEPARATORS[sign]}"]
    with open_text(content, encoding) as (lines, _):
        header = next(read_rows(lines, sign, content.name), [])
    named = _without_unnamed(header)

    def cells(rows: list[list[str]]) -> list[tuple[str, ...]]:
        columns = list(zip(*rows, strict=True))
        _check_unnamed(columns[len(named) :], len(named), content.name)
        return columns[: len(named)]

    def blocks() -> Iterator[pd.DataFrame]:
        with open_text(content, encoding) as (lines, raw):
            rows = read_rows(lines, sign, content.name)
            next(rows)
            yield from _in_frames(rows, named, cells, content, raw)

    return Source(
        content.name,
        named,
        blocks,
        notes=tuple(notes),
        decimal_comma=sign != ",",
        n_cells=content.n_cells(),
    )


def _without_unnamed(header: Sequence[str]) -> list[str]:
    """The names of columns, without the blank ones that a separator too many makes at the end."""
    names = [name.strip().removeprefix("\ufeff") for name in header]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def _check_unnamed(columns: Sequence[Sequence[str]], n_named: int, name: str) -> None:
    for place, cells in enumerate(columns, start=n_named + 1):
        held = next((cell for cell in cells if cell.strip()), None)
        if held is not None:
            raise BadInputError(
                f"{name}: column {place} has no name in the header, and holds {quoted(held)}. Give it one."
            )


def _json_lines(content: Content, encoding: str, notes: list[str]) -> Source:
    with open_text(content, encoding) as (lines, _):
        columns = list(dict.fromkeys(chain.from_iterable(_objects(lines, content.name))))

    def cells(rows: Sequence[dict[str, object]]) -> Iterator[list[object]]:
        return ([_json_cell(row.get(name)) for row in rows] for name in columns)

    def blocks() -> Iterator[pd.DataFrame]:
        with open_text(content, encoding) as (lines, raw):
            yield from _in_frames(_objects(lines, content.name), columns, cells, content, raw)

    return Source(content.name, columns, blocks, notes=tuple(notes), n_cells=content.n_cells())


def _objects(lines: Iterator[str], name: str) -> Iterator[dict[str, object]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise BadInputError(
                f"{name}: line {number} is no JSON ({one_line(error)}). Write one object a line, such as "
                '{"id": 1, "judge_a": "yes"}.'
            ) from None
        if not isinstance(found, dict):
            raise BadInputError(
                f"{name}: line {number} holds no object. Write one object a line, such as "
                '{"id": 1, "judge_a": "yes"}.'
            )
        yield found


def _json_cell(cell: object) -> object:
    """A cell; lists and objects, which are no votes but may be copied, as they are written."""
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict) else cell


def _in_frames(
    rows: Iterator[Row],
    columns: list[str],
    cells_of: Callable[[list[Row]], Iterable[Sequence[object]]],
    content: Content,
    raw: IO[bytes],
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    first = 0
    shower = progress(f"reading {content.name}", content.size(), "B")
    with naming(content.name), shower as shown:
        while some := list(islice(rows, BLOCK)):
            index = pd.RangeIndex(first, first + len(some))
            table = dict(enumerate(map(_as_objects, cells_of(some))))
            frame = pd.DataFrame(table, index=index)
            frame.columns = pd.Index(columns, dtype=object)
            yield frame
            first += len(some)
            shown(raw.tell())


def _as_objects(cells: Sequence[object]) -> NDArray[np.object_]:
    import numpy as np

    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array

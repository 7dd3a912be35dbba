"""Tables of any format, read in blocks of rows. The only room that knows pyarrow's files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from .._utils import quoted
from .content import (
    PARQUET,
    READING,
    SEPARATORS,
    WORKBOOKS,
    Content,
    check_encoding,
    check_library,
    check_separator,
    open_text,
    read_rows,
    sniff_encoding,
    sniff_separator,
)
from .messages import BadInputError, one_line, progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset
    from numpy.typing import NDArray

BLOCK = 50_000
Row = TypeVar("Row")
JSON_LINES = (".jsonl", ".ndjson", ".json")
PLAIN = ("utf-8", "utf-8-sig")
UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Source:
    """A table that can be read any number of times.

    Attributes
    ----------
    name : str
        For messages.
    columns : list of str
    blocks : callable
        Makes an iterator of DataFrames of at most `BLOCK` rows, whose index counts the rows from 0.
    index : tuple of str
        Columns that were the index of a frame, and are no votes.
    notes : tuple of str
        What was found out about the file and is to be told.
    decimal_comma : bool
        Whether a comma may stand in a number.
    n_cells : int
        About how many cells there are.
    """

    name: str
    columns: list[str]
    blocks: Callable[[], Iterator[pd.DataFrame]]
    index: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False
    n_cells: int = 0


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except READING as error:
        raise BadInputError(f"{name}: cannot be read ({one_line(error)}).") from None


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
    notes = []
    if written in ("cp1252", "latin-1") and not encoding:
        notes = [f"no UTF-8, so read as {written}; if signs look wrong, pass --encoding"]
    elif written not in PLAIN and not encoding:
        notes = [f"read as {written}"]
    if content.suffix in JSON_LINES or (not content.suffix and head.lstrip().startswith("{")):
        return _json_lines(content, written, notes)
    return _separated(content, written, separator, notes, is_tabbed=content.suffix == ".tsv")


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
    named = [name.strip().removeprefix("\ufeff") for name in header]
    # A separator too many makes a column without a name at the end.
    while len(named) > 1 and not named[-1]:
        named.pop()

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
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return cell


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


# Parquet ------------------------------------------------------------------------------------------


def read_file(content: Content) -> Source:
    """A Parquet file."""
    check_library("pyarrow", f"{content.name}: Parquet is read")
    import pyarrow.parquet as pq

    with content.raw() as raw:
        file = pq.ParquetFile(raw)
        schema, n_rows = file.schema_arrow, file.metadata.num_rows

    def batches() -> Iterator[pa.RecordBatch]:
        with content.raw() as raw:
            yield from pq.ParquetFile(raw).iter_batches(batch_size=BLOCK)

    return _source(content.name, schema, n_rows, batches)


def read_folder(folder: Path) -> Source:
    """All Parquet files of a folder and the folders in it, in the order of their names."""
    check_library("pyarrow", f"{folder}: Parquet is read")
    import pyarrow.dataset as ds

    if not any(folder.rglob("*.parquet")):
        raise BadInputError(f"{folder}: the folder holds no file whose name ends in .parquet.")
    files = sorted(str(path) for path in folder.rglob("*.parquet") if path.is_file())
    dataset = ds.dataset(files, format="parquet", partitioning="hive")
    fragments = list(dataset.get_fragments())
    schema = dataset.schema
    for fragment in fragments:
        schema = _with_schema_of(schema, fragment, files[0])
    n_rows = sum(fragment.count_rows() for fragment in fragments)

    def batches() -> Iterator[pa.RecordBatch]:
        for fragment in fragments:
            with naming(fragment.path):
                yield from fragment.to_batches(schema=schema, batch_size=BLOCK)

    return _source(str(folder), schema, n_rows, batches)


def _with_schema_of(schema: pa.Schema, fragment: pyarrow.dataset.Fragment, first: str) -> pa.Schema:
    """The schema, wide enough for one more file of the same columns."""
    import pyarrow as pa
    from pyarrow.dataset import get_partition_keys

    with naming(fragment.path):
        own = fragment.physical_schema
        in_path = set(get_partition_keys(fragment.partition_expression))
        unlike = {*own.names, *in_path} ^ set(schema.names)
        if unlike:
            column = min(unlike)
            raise ValueError(
                f"it has no column {quoted(column)}, which the first file of the folder, {first}, has"
                if column in schema.names
                else f"it has a column {quoted(column)}, which the first file of the folder, {first}, lacks"
            )
        try:
            return pa.unify_schemas([schema, own], promote_options="permissive")
        except TypeError as error:
            raise ValueError(f"it differs from the first file of the folder: {error}") from None


def _source(
    name: str, schema: pa.Schema, n_rows: int, batches: Callable[[], Iterator[pa.RecordBatch]]
) -> Source:
    written = (schema.pandas_metadata or {}).get("index_columns", [])
    index = tuple(each for each in written if isinstance(each, str))
    unnamed = {each for each in index if UNNAMED_INDEX.fullmatch(each)}
    columns = [each for each in schema.names if each not in unnamed]

    def blocks() -> Iterator[pd.DataFrame]:
        import pandas as pd
        import pyarrow as pa

        nested = [place for place, kind in enumerate(schema.types) if pa.types.is_nested(kind)]
        first = 0
        with naming(name), progress(f"reading {name}", n_rows, " rows") as shown:
            for batch in batches():
                # Types that hold whole numbers beside empty cells; the index as columns.
                whole = batch.to_pandas(types_mapper=_nullable().get, ignore_metadata=True)
                for place in nested:
                    whole.isetitem(place, _as_objects([*map(_json_cell, batch[place].to_pylist())]))
                frame = whole[columns]
                frame.index = pd.RangeIndex(first, first + len(frame))
                yield frame
                first += len(frame)
                shown(first)

    kept = tuple(each for each in index if each in columns)
    return Source(name, columns, blocks, index=kept, n_cells=n_rows * len(columns))


@cache
def _nullable() -> dict[Any, Any]:
    """What holds each Arrow type in pandas without loss where cells are empty."""
    import pandas as pd
    import pyarrow as pa

    whole = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    names = {getattr(pa, name)(): name.replace("i", "I").replace("u", "U") for name in whole}
    types = {kind: pd.api.types.pandas_dtype(name) for kind, name in names.items()}
    return {pa.bool_(): pd.BooleanDtype(), **types}

"""Tables of any format, read in blocks of rows. The only room that knows pyarrow's files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .._utils import listed, quoted
from .content import (
    PARQUET,
    READING,
    SEPARATORS,
    TABBED,
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
from .messages import BadInputError, note, one_line, progress

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

BLOCK = 50_000
JSON_LINES = (".jsonl", ".ndjson", ".json")
PLAIN = ("utf-8", "utf-8-sig")
UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except READING as error:
        raise BadInputError(f"{name}: cannot be read ({one_line(error)}).") from None


@dataclass(frozen=True)
class Source:
    """A table that can be read any number of times.

    Attributes
    ----------
    name : str
        For messages.
    columns : list of str
    frames : callable
        Makes an iterator of DataFrames of at most `BLOCK` rows.
    n_cells : int
        About how many cells there are.
    index : sequence of str
        Columns that were the index of a frame, and are no votes.
    decimal_comma : bool
        Whether a comma may stand in a number.
    """

    name: str
    columns: list[str]
    frames: Callable[[], Iterator[pd.DataFrame]]
    n_cells: int
    index: Sequence[str] = ()
    decimal_comma: bool = False

    def blocks(self) -> Iterator[pd.DataFrame]:
        """Some rows at a time, counted from 0 by the index; a table without rows is a BadInputError."""
        n_rows = 0
        with naming(self.name):
            for frame in filter(len, self.frames()):
                frame.index = pd.RangeIndex(n_rows, n_rows + len(frame))
                yield frame
                n_rows += len(frame)
        if not n_rows:
            raise BadInputError(f"{self.name}: there is a header, but no row.")


def open_source(content: Content, separator: str | None, encoding: str | None) -> Source:
    """Find out what a file is, and how its table is to be read.

    Raises
    ------
    BadInputError
        What is no table, or cannot be read; columns of one name.
    """
    with naming(content.name):
        if isinstance(content.place, Path) and content.place.is_dir():
            source = read_folder(content.place)
        elif content.starts_with(PARQUET):
            source = read_file(content)
        else:
            source = _text(content, separator, encoding)
    _check_header(source)
    return source


def _check_header(source: Source) -> None:
    names = source.columns
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        places = [str(place) for place, name in enumerate(names, start=1) if name == repeated]
        raise BadInputError(
            f"{source.name}: two columns are called {quoted(repeated)} (columns {listed(places, 4)}); every voter "
            "needs a name of its own."
        )


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
        source = _json_lines(content, written)
    else:
        sign = (
            check_separator(separator)
            if separator is not None
            else sniff_separator(content, written)
        )
        if separator is None and sign != ("\t" if content.suffix == TABBED else ","):
            notes.append(f"cells are separated by {SEPARATORS[sign]}")
        source = _separated(content, written, sign)
    for text in notes:
        note(f"{content.name}: {text}")
    return source


def _in_frames(
    content: Content,
    encoding: str,
    columns: list[str],
    rows_of: Callable[[Iterator[str]], Iterator[Sequence[object]]],
) -> Iterator[pd.DataFrame]:
    """The rows that are made of the lines of a text."""
    shower = progress(f"reading {content.name}", content.size(), "B")
    with open_text(content, encoding) as (lines, raw), shower as shown:
        rows = rows_of(lines)
        while some := list(islice(rows, BLOCK)):
            yield pd.DataFrame(some, columns=pd.Index(columns, dtype=object), dtype=object)
            shown(raw.tell())


def _separated(content: Content, encoding: str, sign: str) -> Source:
    with open_text(content, encoding) as (lines, _):
        header = next(read_rows(lines, sign, content.name), [])
    columns = [name.strip().removeprefix("\ufeff") for name in header]
    n_named = len(columns)
    # A separator too many makes a column without a name at the end.
    while n_named > 1 and not columns[n_named - 1]:
        n_named -= 1

    def rows(lines: Iterator[str]) -> Iterator[list[str]]:
        return islice(read_rows(lines, sign, content.name), 1, None)

    def frames() -> Iterator[pd.DataFrame]:
        for frame in _in_frames(content, encoding, columns, rows):
            _check_unnamed(frame.iloc[:, n_named:], n_named, content.name)
            yield frame.iloc[:, :n_named]

    return Source(
        content.name, columns[:n_named], frames, content.n_cells(), decimal_comma=sign != ","
    )


def _check_unnamed(columns: pd.DataFrame, n_named: int, name: str) -> None:
    for place, (_, cells) in enumerate(columns.items(), start=n_named + 1):
        held = next((cell for cell in cells if cell.strip()), None)
        if held is not None:
            raise BadInputError(
                f"{name}: column {place} has no name in the header, and holds {quoted(held)}. Give it one."
            )


def _json_lines(content: Content, encoding: str) -> Source:
    with open_text(content, encoding) as (lines, _):
        columns = list(dict.fromkeys(chain.from_iterable(_objects(lines, content.name))))

    def rows(lines: Iterator[str]) -> Iterator[list[object]]:
        for row in _objects(lines, content.name):
            yield [_json_cell(row.get(name)) for name in columns]

    frames = partial(_in_frames, content, encoding, columns, rows)
    return Source(content.name, columns, frames, content.n_cells())


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

    files = sorted(str(path) for path in folder.rglob("*.parquet") if path.is_file())
    if not files:
        raise BadInputError(f"{folder}: the folder holds no file whose name ends in .parquet.")
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
    from pyarrow.types import is_nested

    written = (schema.pandas_metadata or {}).get("index_columns", [])
    index = [each for each in written if isinstance(each, str)]
    unnamed = {each for each in index if UNNAMED_INDEX.fullmatch(each)}
    columns = [each for each in schema.names if each not in unnamed]
    nested = [place for place, kind in enumerate(schema.types) if is_nested(kind)]

    def frames() -> Iterator[pd.DataFrame]:
        done = 0
        with progress(f"reading {name}", n_rows, " rows") as shown:
            for batch in batches():
                # Types that hold whole numbers beside empty cells; the index as columns.
                whole = batch.to_pandas(types_mapper=_nullable, ignore_metadata=True)
                for place in nested:
                    texts = [_json_cell(cell) for cell in batch[place].to_pylist()]
                    whole.isetitem(place, pd.Series(texts, dtype=object))
                yield whole[columns]
                done += len(whole)
                shown(done)

    kept = [each for each in index if each in columns]
    return Source(name, columns, frames, n_rows * len(columns), kept)


def _nullable(kind: pa.DataType) -> Any:
    """What holds a type of Arrow in pandas without loss where cells are empty; None as pandas does it."""
    from pyarrow.types import is_boolean, is_integer

    if is_boolean(kind):
        return pd.BooleanDtype()
    # Such as "UInt8" for "uint8".
    word = str(kind).replace("i", "I").replace("u", "U")
    return pd.api.types.pandas_dtype(word) if is_integer(kind) else None

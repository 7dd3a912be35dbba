"""Tables of labels as CSV, TSV, JSON lines and Parquet, written block by block."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from .columns import PROBABILITY

if TYPE_CHECKING:
    import pandas as pd

Write = Callable[["pd.DataFrame"], None]
DIGITS = 4
# Programs that show tables run texts which begin so; signs of full width and what is no blank to the eye count too.
FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20].", re.S)
NUMBER = re.compile(r"\s*[+-]?\d[\d.,]*(e[+-]?\d+)?\s*%?\s*", re.I)


@contextmanager
def open_table(file: str | None, called: str, *, raw: bool) -> Iterator[Write]:
    """Open a table to be written.

    Parameters
    ----------
    file : str or None
        Where it is written; None is standard output.
    called : str
        Its name, whose end says how.
    raw : bool
        Whether cells stay as they are that a spreadsheet would run.

    Yields
    ------
    write : callable
        Takes a DataFrame of the next rows.
    """
    name = called.lower()
    with ExitStack() as opened:
        if file is None:
            yield _separated(opened.enter_context(_standard_output()), ",", raw)
        elif name.endswith(".parquet"):
            yield _parquet(file, opened)
        else:
            stream = opened.enter_context(_text_file(file, name, opened))
            bare = name.removesuffix(".gz").removesuffix(".zst")
            if bare.endswith((".jsonl", ".ndjson")):
                yield _json_lines(stream)
            else:
                yield _separated(stream, "\t" if bare.endswith(".tsv") else ",", raw)


@contextmanager
def _standard_output() -> Iterator[io.TextIOBase]:
    sys.stdout.flush()
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield stream
        stream.flush()
    finally:
        stream.detach()


def _text_file(file: str, name: str, opened: ExitStack) -> io.TextIOBase:
    stream: Any = opened.enter_context(open(file, "wb"))  # noqa: SIM115
    if name.endswith(".gz"):
        # Without a time, the same labels are the same bytes.
        stream = opened.enter_context(gzip.GzipFile("", "wb", fileobj=stream, mtime=0))
    elif name.endswith(".zst"):
        import pyarrow as pa

        stream = opened.enter_context(pa.CompressedOutputStream(stream, "zstd"))
    return io.TextIOWrapper(stream, encoding="utf-8", newline="")


# Formats ------------------------------------------------------------------------------------------


def _separated(stream: io.TextIOBase, separator: str, raw: bool) -> Write:
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    header: list[str] = []

    def write(table: pd.DataFrame) -> None:
        if not header:
            header.extend(map(str, table.columns))
            writer.writerow(header if raw else map(harmless, header))
        texts = [_texts(table.iloc[:, j], header[j], raw) for j in range(len(header))]
        writer.writerows(zip(*texts, strict=True))

    return write


def _json_lines(stream: io.TextIOBase) -> Write:
    def write(table: pd.DataFrame) -> None:
        names = list(map(str, table.columns))
        columns = [_values(table.iloc[:, j], name) for j, name in enumerate(names)]
        for row in zip(*columns, strict=True):
            line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str)
            stream.write(f"{line}\n")

    return write


def _parquet(file: str, opened: ExitStack) -> Write:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writers: list[Any] = []

    def write(table: pd.DataFrame) -> None:
        rows = pa.Table.from_pandas(table, preserve_index=False)
        if not writers:
            fields = [
                f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in rows.schema
            ]
            schema = pa.schema(fields, metadata=rows.schema.metadata)
            writers.append(opened.enter_context(pq.ParquetWriter(file, schema)))
        writers[0].write_table(rows.cast(writers[0].schema))

    return write


# Cells --------------------------------------------------------------------------------------------


def _texts(column: pd.Series, name: str, raw: bool) -> Sequence[str]:
    """The cells of a column as they are written."""
    if name.startswith(PROBABILITY):
        return _four_digits(column)
    texts = ["" if cell is None else str(cell) for cell in _values(column, name)]
    return texts if raw else [harmless(text) for text in texts]


def _four_digits(column: pd.Series) -> Sequence[str]:
    import numpy as np

    known = np.array([f"{step / 10**DIGITS:.{DIGITS}f}" for step in range(10**DIGITS + 1)])
    steps = np.rint(column.to_numpy(float) * 10**DIGITS).astype(int)
    texts: list[str] = known[steps].tolist()
    return texts


def _values(column: pd.Series, name: str) -> list[Any]:
    """The cells of a column as Python's values, None where one is missing, probabilities with four digits."""
    if name.startswith(PROBABILITY):
        column = column.round(DIGITS)
    missing = column.isna().tolist()
    cells = column.astype(object).tolist()
    return [None if empty else cell for cell, empty in zip(cells, missing, strict=True)]


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: those that begin like one get a quote before them.

    Examples
    --------
    >>> from sklearn_labelmodel._cli.writing import harmless
    >>> [harmless(text) for text in ["=1+1", "@SUM(A1)", "-0.5", "-", "a=b"]]
    ["'=1+1", "'@SUM(A1)", '-0.5', '-', 'a=b']
    """
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text

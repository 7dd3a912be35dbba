"""Results: tables of labels in any format, block by block, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from .._utils.keeping import _umask
from .content import bare_suffix
from .options import PROBABILITY

Write = Callable[[pd.DataFrame], None]
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
    suffix = bare_suffix(called)
    with ExitStack() as opened:
        if file is None:
            yield _separated(opened.enter_context(_standard_output()), ",", raw)
        elif suffix == ".parquet":
            yield _parquet(file, opened)
        else:
            stream = opened.enter_context(_text_file(file, called.lower(), opened))
            if suffix in (".jsonl", ".ndjson"):
                yield _json_lines(stream)
            else:
                yield _separated(stream, "\t" if suffix == ".tsv" else ",", raw)


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
        texts = [_texts(cells, str(name), raw) for name, cells in table.items()]
        writer.writerows(zip(*texts, strict=True))

    return write


def _json_lines(stream: io.TextIOBase) -> Write:
    def write(table: pd.DataFrame) -> None:
        columns = {str(name): _values(cells, str(name)) for name, cells in table.items()}
        for row in zip(*columns.values(), strict=True):
            line = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str)
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


# Files --------------------------------------------------------------------------------------------


# Ends the names of files that are being written.
PART = ".labelmodel-part"
# Of the file's own name, so that the whole is no longer than names may be.
MOST_SIGNS = 50


class Staged:
    """Files that are written under other names, and get their own together when all of them are whole."""

    def __init__(self) -> None:
        # Under which name each is written, what it is to be called, and what says to other runs, as long as it is
        # open, that somebody writes it.
        self._parts: list[tuple[str, Path, IO[bytes]]] = []

    def part(self, path: str) -> str:
        """The name under which a file is to be written; a link leads to its end.

        Parameters
        ----------
        path : str
            What the file is to be called.
        """
        end = Path(os.path.realpath(path))
        # Pipes and devices are written from a file that lies elsewhere.
        folder = None if end.exists() and not end.is_file() else end.parent
        handle, name = tempfile.mkstemp(
            dir=folder, prefix=f".{end.name[:MOST_SIGNS]}.", suffix=PART
        )
        lock = os.fdopen(handle, "rb")
        self._parts.append((name, end, lock))
        _lock(lock)
        return name

    def put_in_place(self) -> None:
        """Give every file its name; pipes and devices, which may fail, come first."""
        self._parts.sort(key=lambda part: part[1].is_file() or not part[1].exists())
        for name, end, lock in self._parts:
            lock.close()
            try:
                _put_in_place(name, end)
            except OSError as error:
                raise _with_name(error, end) from error

    def is_written(self) -> Path | None:
        """What the file that is being written is to be called."""
        return self._parts[-1][1] if self._parts else None

    def discard(self) -> None:
        """Remove what has not got its name."""
        for name, _, lock in self._parts:
            lock.close()
            with suppress(FileNotFoundError):
                os.unlink(name)


@contextmanager
def staged() -> Iterator[Staged]:
    """Write files; in the end all get their names, or none where something goes wrong."""
    files = Staged()
    try:
        try:
            yield files
        except OSError as error:
            end = files.is_written()
            if end is None or not error.strerror:
                raise
            raise _with_name(error, end) from error
        files.put_in_place()
    finally:
        files.discard()


def _with_name(error: OSError, end: Path) -> OSError:
    """An error of the disk with the name that the user knows."""
    return type(error)(error.errno, error.strerror, str(end))


def check_folder(path: str) -> None:
    """Raise an OSError where a file cannot be made, and clear what a run that was killed has left there.

    Parameters
    ----------
    path : str
        Of a file that is to be written.
    """
    end = Path(os.path.realpath(path))
    folder = end.parent
    if end.is_dir():
        raise IsADirectoryError(f"{path} is a folder.")
    if end.exists() and not end.is_file():
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: files cannot be made in the folder {folder}.")
    for left in folder.glob(f".*{PART}*"):
        with suppress(OSError), left.open("rb") as file:
            if _lock(file):
                left.unlink()


def _lock(file: IO[bytes]) -> bool:
    """Whether nobody else has locked a file; it is locked until it is closed. Without locks, all seem to be in use."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _put_in_place(written: str, end: Path) -> None:
    """Give a file that is written its name, and what the file of this name had: mode, owner, other names."""
    before = end.stat() if end.exists() else None
    if before is not None and (
        before.st_nlink > 1 or not _is_mine(before) or not stat.S_ISREG(before.st_mode)
    ):
        # To replace it would leave its other names behind, change its owner, or end a pipe.
        with open(written, "rb") as whole, end.open("wb") as file:
            shutil.copyfileobj(whole, file)
        return
    os.chmod(written, 0o666 & ~_umask() if before is None else stat.S_IMODE(before.st_mode))
    os.replace(written, end)


def _is_mine(file: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or (file.st_uid, file.st_gid) == (os.getuid(), os.getgid())

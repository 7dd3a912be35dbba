"""The bytes of a file or of standard input, read any number of times; and texts: their encoding, separator and rows."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from .._utils import quoted
from .messages import BadInputError

STANDARD = "-"
# Ends of the names of compressed files.
COMPRESSED = (".gz", ".zst")
TABBED = ".tsv"
# What files begin with.
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PARQUET, WORKBOOKS = b"PAR1", (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# What votes take in a text, and how many times packing makes it smaller.
BYTES_A_CELL, PACKED_TO = 4, 8
# What may go wrong in reading a file, besides memory.
READING = (OSError, EOFError, ValueError, zlib.error)
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# What people type for a separator that a shell or a page takes for a blank.
TYPED = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";"}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32's mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that Windows-1252 gives no meaning.
NOT_WINDOWS = frozenset(b"\x81\x8d\x8f\x90\x9d")
BYTES, ROWS = 1 << 20, 50
MOST_SIGNS = 10_000_000


class Content(NamedTuple):
    """What a file or standard input holds.

    Attributes
    ----------
    name : str
        For messages.
    place : Path or file
        A file, for what can be read once only, is a copy of it.
    """

    name: str
    place: Path | IO[bytes]

    @property
    def suffix(self) -> str:
        """The end of the name, as of the file without compression."""
        return bare_suffix(self.place) if isinstance(self.place, Path) else ""

    def raw(self) -> IO[bytes]:
        """Open the bytes as they are."""
        if isinstance(self.place, Path):
            return self.place.open("rb")
        self.place.seek(0)
        return open(os.dup(self.place.fileno()), "rb")

    def starts_with(self, *signs: bytes) -> bool:
        with self.raw() as raw:
            return raw.read(4).startswith(signs)

    def size(self) -> int:
        return os.stat(self.place if isinstance(self.place, Path) else self.place.fileno()).st_size

    def n_cells(self) -> int:
        """About how many cells a table of text has."""
        is_packed = self.starts_with(GZIP, ZSTD)
        return self.size() * (PACKED_TO if is_packed else 1) // BYTES_A_CELL

    @contextmanager
    def unpacked(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open the bytes without compression, and those that are on the disk, which say how far reading is."""
        # Looked at first: copies of one descriptor are read from one place on.
        is_gzip, is_zstd = self.starts_with(GZIP), self.starts_with(ZSTD)
        with self.raw() as raw:
            if is_gzip:
                yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)), raw
            elif is_zstd:
                check_library("pyarrow", f"{self.name}: zstd is read")
                import pyarrow as pa

                yield pa.CompressedInputStream(raw, "zstd"), raw
            else:
                yield raw, raw


@contextmanager
def open_content(name: str) -> Iterator[Content]:
    """Open what is called `name`, "-" being standard input; pipes are kept in a file that ends with the process."""
    path = Path(name)
    if name != STANDARD and (path.is_file() or path.is_dir()):
        yield Content(name, path)
        return
    with tempfile.TemporaryFile() as spool:
        if name == STANDARD:
            shutil.copyfileobj(sys.stdin.buffer, spool)
        else:
            with path.open("rb") as pipe:
                shutil.copyfileobj(pipe, spool)
        spool.flush()
        yield Content("standard input" if name == STANDARD else name, spool)


def bare_suffix(path: str | Path) -> str:
    """The end of a name in small letters, as of the file without compression."""
    name = Path(path).name.lower()
    for packed in COMPRESSED:
        name = name.removesuffix(packed)
    return Path(name).suffix


def package() -> Any:
    """The package, whose public names the command takes as any user does."""
    return sys.modules[__name__.partition(".")[0]]


def check_library(library: str, what: str) -> None:
    """Raise a BadInputError where a library that the work needs is not there."""
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise BadInputError(f"{what} by {library}, which is not installed; pip install {library}.")


# Encoding -----------------------------------------------------------------------------------------


def sniff_encoding(content: Content) -> str:
    """The encoding that the whole of a text is written in, as far as its bytes tell."""
    with content.unpacked() as (stream, _):
        head = stream.read(BYTES)
        marked = next((name for mark, name in MARKS if head.startswith(mark)), None)
        return marked or _without_marks(head) or _by_all_bytes(head, stream)


def _without_marks(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a text in Latin letters is 0."""
    half = max(len(head) // 2, 1)
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[first::2].count(0) > half / 2 > 2 * head[1 - first :: 2].count(0):
            return name
    return None


def _by_all_bytes(head: bytes, stream: IO[bytes]) -> str:
    decoder, is_utf8, bytes_seen = codecs.getincrementaldecoder("utf-8")(), True, set[int]()
    while head:
        try:
            if is_utf8:
                decoder.decode(head)
        except UnicodeDecodeError:
            is_utf8 = False
        bytes_seen |= NOT_WINDOWS.intersection(head)
        head = stream.read(BYTES)
    if is_utf8:
        return "utf-8"
    return "latin-1" if bytes_seen else "cp1252"


def check_encoding(name: str) -> str:
    """The encoding, if there is one of this name."""
    try:
        "".encode(name)
    except LookupError:
        raise BadInputError(
            f"--encoding {name}: there is no such encoding. Common ones are utf-8, utf-16, cp1252 and latin-1."
        ) from None
    return name


@contextmanager
def open_text(content: Content, encoding: str) -> Iterator[tuple[io.TextIOWrapper, IO[bytes]]]:
    """Open a text, and the bytes on the disk behind it."""
    with content.unpacked() as (stream, raw):
        yield io.TextIOWrapper(stream, encoding=encoding, newline=""), raw


# Separators ---------------------------------------------------------------------------------------


def sniff_separator(content: Content, encoding: str) -> str:
    """The sign that cuts the first rows into most cells, as many in each row as in the header; a tab in a TSV."""
    if content.suffix == TABBED:
        return "\t"
    with open_text(content, encoding) as (lines, _):
        head = list(islice(lines, ROWS))
    widths = {sign: _width(head, sign) for sign in SEPARATORS}
    return max(SEPARATORS, key=widths.__getitem__)


def _width(lines: Sequence[str], separator: str) -> tuple[bool, int]:
    """Whether rows have as many cells as the header, the last one aside, which may be cut, and how many it has."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return False, 0
    n_cells = len(rows[0]) if rows else 0
    whole = rows if len(rows) < 3 or len(lines) < ROWS else rows[:-1]
    return n_cells > 1 and all(len(row) == n_cells for row in whole), n_cells


def check_separator(typed: str) -> str:
    """The separator that was typed, if it is one sign."""
    separator = TYPED.get(typed.lower(), typed)
    if len(separator) != 1 or separator in '"\r\n':
        raise BadInputError(
            f"--sep {quoted(typed)}: a separator is one sign, such as ',' or ';', or the word tab."
        )
    return separator


# Rows ---------------------------------------------------------------------------------------------


def read_rows(lines: Iterator[str], separator: str, name: str) -> Iterator[list[str]]:
    """The rows of a table, the header first, all with as many cells; empty lines are no rows.

    Raises
    ------
    BadInputError
        A row with more or fewer cells, which would move votes to other voters, or a quote that is never closed.
    """
    csv.field_size_limit(MOST_SIGNS)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    width, before = 0, 0
    try:
        for row in reader:
            if row and len(row) != width:
                if width:
                    raise _unlike(row, width, before + 1, reader.line_num, separator, name)
                width = len(row)
            if row:
                yield row
            before = reader.line_num
    except csv.Error as error:
        remedy = (
            "Inside a quoted cell, write a quote twice"
            if "expected after" in str(error)
            else "A quote is opened there and never closed"
        )
        raise BadInputError(f"{name}: line {before + 1}: {error}. {remedy}.") from None


def _unlike(
    row: Sequence[str], width: int, first: int, last: int, separator: str, name: str
) -> BadInputError:
    if last > first + 1 and any("\n" in cell for cell in row):
        return BadInputError(
            f"{name}: line {first} has a cell that ends in line {last} only, and {len(row)} cells, the header {width}. "
            'Is a quote (") opened there and never closed?'
        )
    signs = SEPARATORS.get(separator, repr(separator))
    return BadInputError(
        f"{name}: line {first} has {len(row)} cells and the header {width} (cells are separated by {signs}). Leave a "
        "cell empty where there is no vote, and quote cells that contain the separator."
    )

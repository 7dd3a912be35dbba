"""The bytes of a file or of standard input: read any number of times, unpacked, and told what they are."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from .words import BadInputError

STANDARD = "-"
# What files begin with.
PARQUET, WORKBOOKS = b"PAR1", (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# What votes take in a text, and how many times packing makes it smaller.
BYTES_A_CELL, PACKED_TO = 4, 8
# What may go wrong in reading a file, besides memory.
READING = (OSError, EOFError, ValueError, zlib.error)


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
    def folder(self) -> Path | None:
        return self.place if isinstance(self.place, Path) and self.place.is_dir() else None

    @property
    def suffix(self) -> str:
        """The end of the name, as of the file without compression."""
        name = self.place.name.lower() if isinstance(self.place, Path) else ""
        return Path(name.removesuffix(".gz").removesuffix(".zst")).suffix

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
        packed = any(self.starts_with(sign) for sign, _ in PACKED)
        return self.size() * (PACKED_TO if packed else 1) // BYTES_A_CELL

    @contextmanager
    def unpacked(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open the bytes without compression, and those that are on the disk, which say how far reading is."""
        unpack = next((unpack for sign, unpack in PACKED if self.starts_with(sign)), None)
        with self.raw() as raw:
            yield (unpack(raw, self.name) if unpack else raw), raw


@contextmanager
def open_content(name: str) -> Iterator[Content]:
    """Open what is called `name`, "-" being standard input; pipes are kept in a file that ends with the process."""
    path = Path(name)
    if name != STANDARD and (path.is_file() or path.is_dir()):
        yield Content(name, path)
        return
    if name != STANDARD and not path.exists():
        raise BadInputError(f"{name}: no such file.")
    with tempfile.TemporaryFile() as spool:
        if name == STANDARD:
            shutil.copyfileobj(sys.stdin.buffer, spool)
        else:
            with path.open("rb") as pipe:
                shutil.copyfileobj(pipe, spool)
        spool.flush()
        yield Content("standard input" if name == STANDARD else name, spool)


def package() -> Any:
    """The package, whose public names the command takes as any user does."""
    return sys.modules[__name__.partition(".")[0]]


def check_library(library: str, what: str) -> None:
    """Raise a BadInputError where a library that the work needs is not there."""
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise BadInputError(f"{what} by {library}, which is not installed; pip install {library}.")


def _unpack_gzip(raw: IO[bytes], name: str) -> IO[bytes]:  # noqa: ARG001
    return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]


def _unpack_zstd(raw: IO[bytes], name: str) -> IO[bytes]:
    check_library("pyarrow", f"{name}: zstd is read")
    import pyarrow as pa

    return pa.CompressedInputStream(raw, "zstd")


PACKED = ((b"\x1f\x8b", _unpack_gzip), (b"\x28\xb5\x2f\xfd", _unpack_zstd))

"""Files that are written whole or not at all, and leave what was there as it was."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

# Ends the names of files that are being written.
PART = ".labelmodel-part"
# Of the file's own name, so that the whole is no longer than names may be.
MOST_SIGNS = 50


class Part(NamedTuple):
    """A file that is being written.

    Attributes
    ----------
    name : str
        Under which it is written.
    end : Path
        What it is to be called.
    lock : file
        Says to other runs, as long as it is open, that somebody writes it.
    """

    name: str
    end: Path
    lock: IO[bytes]


class Staged:
    """Files that are written under other names, and get their own together when all of them are whole."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

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
        self._parts.append(Part(name, end, os.fdopen(handle, "rb")))
        _lock(self._parts[-1].lock)
        return name

    def put_in_place(self) -> None:
        """Give every file its name; pipes and devices, which may fail, come first."""
        self._parts.sort(key=lambda part: part.end.is_file() or not part.end.exists())
        for part in self._parts:
            part.lock.close()
            try:
                _put_in_place(part.name, part.end)
            except OSError as error:
                raise _with_name(error, part.end) from error

    def is_written(self) -> Path | None:
        """What the file that is being written is to be called."""
        return self._parts[-1].end if self._parts else None

    def discard(self) -> None:
        """Remove what has not got its name."""
        for part in self._parts:
            part.lock.close()
            with suppress(FileNotFoundError):
                os.unlink(part.name)


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

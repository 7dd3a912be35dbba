"""What is said beside the results, on standard error: errors, warnings, notes, and how far the work is."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from .words import in_options, one_line

# Work that is done by then shows no bar.
QUIET_SECONDS = 1.0


def complain(error: object) -> None:
    """Say what was wrong."""
    _say(f"labelmodel: error: {error}")


def note(text: str) -> None:
    """Say what the user did not ask, and may want to know."""
    _say(f"labelmodel: {text}")


def warning_teller() -> Callable[..., None]:
    """What is to stand for `warnings.showwarning`: says each warning of the library once, in words of the command."""
    said: set[str] = set()

    def tell(message: object, *_: object) -> None:
        line = one_line(in_options(str(message)))
        if line not in said:
            said.add(line)
            _say(f"labelmodel: warning: {line}")

    return tell


def _say(line: str) -> None:
    # Who has closed standard error does not want to know.
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def tell(text: str, *, aside: bool) -> None:
    """Print what was found out.

    Parameters
    ----------
    text : str
    aside : bool
        Whether standard output holds the labels, so that it is printed on standard error.

    Raises
    ------
    OSError
        It cannot be printed, and not because nobody reads it.
    """
    out = sys.stderr if aside else sys.stdout
    if out is None:
        return
    if isinstance(out, io.TextIOWrapper):
        # Names that a poor terminal cannot show are no reason to fail.
        out.reconfigure(errors="backslashreplace")
    try:
        out.write(f"{text}\n")
        out.flush()
    except OSError as error:
        nobody_reads(out)
        if not isinstance(error, BrokenPipeError):
            raise OSError(
                f"the files are written, but the summary cannot be printed ({error.strerror})."
            ) from None


def nobody_reads(out: TextIO) -> None:
    """Let a stream lead nowhere, so that Python does not complain about it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; yields what is to be told how much of the total is done."""
    from tqdm import tqdm

    bar = tqdm(
        desc=what,
        total=total,
        unit=unit,
        unit_scale=True,
        leave=False,
        delay=QUIET_SECONDS,
        disable=sys.stderr is None or not sys.stderr.isatty(),
    )

    def show(done: int) -> None:
        bar.update(done - bar.n)

    with bar:
        yield show

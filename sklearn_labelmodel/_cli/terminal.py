"""What is said beside the results, on standard error: errors, warnings, notes, and how far the work is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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

    def tell(message: Any, *_: Any) -> None:
        line = one_line(in_options(str(message)))
        if line not in said:
            said.add(line)
            _say(f"labelmodel: warning: {line}")

    return tell


def _say(line: str) -> None:
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        # Nobody listens any more.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


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
        disable=not sys.stderr.isatty(),
    )

    def show(done: int) -> None:
        bar.update(done - bar.n)

    with bar:
        yield show

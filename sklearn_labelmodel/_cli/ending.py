"""How the command ends when it is told to, or when nobody reads what it writes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class EndedError(BaseException):
    """Somebody told the process to end; files are tidied on the way out."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make of SIGTERM and SIGHUP what Ctrl-C is: an exception, so that nothing is left half done."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    try:
        before = {name: signal.signal(getattr(signal, name), _end) for name in names}
    except ValueError:
        # Only the main thread of a program receives signals.
        yield
        return
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _end(number: int, _: FrameType | None) -> None:
    raise EndedError(signal.Signals(number).name)

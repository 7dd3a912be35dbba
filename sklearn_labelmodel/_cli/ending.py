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
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What is ignored, as SIGHUP is under nohup, stays so.
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, _end) for number in heeded}
    except ValueError:
        # Only the main thread of a program receives signals.
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    raise EndedError(signal.Signals(number).name)

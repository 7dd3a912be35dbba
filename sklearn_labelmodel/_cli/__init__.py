"""The console command `labelmodel`: a file of votes in, a file of labels out."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .messages import BadInputError, complain, in_options, nobody_reads, one_line, warning_teller

DONE, FAILED, BAD_INPUT = 0, 1, 2
FAULTS = (ArithmeticError, ValueError, ImportError, OSError, EOFError)
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
ENDED = "ended before it was done."


def main(
    arguments: Sequence[str] | None = None,
    *,
    end_early: Callable[..., object] = signal.default_int_handler,
) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Of the command line; None takes those of the process.
    end_early : callable
        Answers a signal that comes while libraries are loaded, before any file is open; by default with a
        KeyboardInterrupt, as signals are answered later.

    Returns
    -------
    status : int
        0 done; 2 bad input; 1 failed to train or to write, or ended from outside. (Wrong usage leaves through
        SystemExit, with 2 as well.)
    """
    with warnings.catch_warnings(), _ended_by_signals(end_early):
        warnings.simplefilter("always", UserWarning)
        # Sparse votes of a crowd have no names, and their columns are in order.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.showwarning = warning_teller()
        try:
            _run(arguments)
        except BadInputError as error:
            complain(error)
            return BAD_INPUT
        except BrokenPipeError:
            nobody_reads(sys.stdout)
        except MemoryError:
            complain("there is not enough memory.")
        except FAULTS as error:
            complain(in_options(one_line(error)))
        except KeyboardInterrupt:
            complain(ENDED)
        else:
            return DONE
    return FAILED


def _run(arguments: Sequence[str] | None) -> None:
    """Do what was asked for; libraries are loaded when they are needed, the large ones for what may be done."""
    from .options import check_options, parse

    options = parse(arguments)
    check_options(options)
    from .work import work

    with _ended_by_signals(signal.default_int_handler):
        work(options)


# Endings ------------------------------------------------------------------------------------------


@contextmanager
def _ended_by_signals(handler: Callable[..., object]) -> Iterator[None]:
    """Let a function answer the signals that end a process, so that nothing is left half done."""
    # What is ignored, as SIGHUP is under nohup, stays so.
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, handler) for number in heeded}
    except ValueError:
        # Only the main thread of a program receives signals.
        before = {}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)

"""`python -m sklearn_labelmodel` is the command `labelmodel`."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def main() -> int:
    """Run the command; one that is ended while its libraries are loaded leaves no traceback either.

    Returns
    -------
    status : int
        As of the command.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _leave)
    try:
        from ._cli import main as labelmodel

        return labelmodel()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(*_: object) -> NoReturn:
    # No file is open yet, and an exception within an import may be taken for a library that is missing.
    with suppress(OSError):
        os.write(2, b"labelmodel: error: ended before it was done.\n")
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
